import { renderTimeline } from '../timeline.ts';
import type { EmergencyStage } from './stage.ts';

/** Who acted when, and how long it took beside how long it may take. */
export function emergencyLines({ incident, acts, times = [] }: EmergencyStage): readonly string[] {
  if (incident === undefined) return [];
  return [
    `incident ${incident.key}`,
    ...renderTimeline(acts),
    ...times.map(
      ({ measure, tookMs, targetMs, clock }) =>
        `  ${measure.padEnd(9)} ${span(tookMs).padStart(9)}, target ${span(targetMs).padStart(6)}  ${clock}`,
    ),
  ];
}

function span(ms: number | undefined): string {
  if (ms === undefined) return 'none';
  if (ms < 120_000) return `${rounded(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${rounded(ms / 60_000)} min` : `${rounded(ms / 3_600_000)} h`;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
