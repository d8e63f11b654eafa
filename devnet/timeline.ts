import { validatorName } from '../domain/network/network.ts';
import type { PartialSeen, Takeover } from './takeover.ts';

export type TimelineEntry = { readonly atMs: number; readonly who: string; readonly what: string };

/** What happened in what order: partials from the validators' journals, kill and takeover from the supervisor and Temporal. */
export function payoutEntries(takeover: Takeover, partials: readonly PartialSeen[]): readonly TimelineEntry[] {
  const { killed, takenOver, heldBack } = takeover;
  return [
    ...partials.map(({ validator, atMs }, index) => ({
      atMs,
      who: validatorName(validator),
      what: `partial signature ${index + 1} of ${takeover.signers.length}${validator === heldBack ? ' (was held back)' : ''}`,
    })),
    { atMs: killed.atMs, who: killed.worker, what: `KILLED with SIGKILL, process ${killed.pid}` },
    ...(takenOver === undefined
      ? []
      : [
          {
            atMs: takenOver.atMs,
            who: takenOver.worker,
            what: `took over ${seconds(takenOver.atMs - killed.atMs)} after the kill`,
          },
        ]),
  ];
}

/** Lines in order of time, each with the seconds since the first; equal times keep the order given. */
export function renderTimeline(entries: readonly TimelineEntry[]): readonly string[] {
  const ordered = [...entries].sort((a, b) => a.atMs - b.atMs);
  const start = ordered[0]?.atMs ?? 0;
  const width = Math.max(0, ...ordered.map((entry) => entry.who.length));
  return ordered.map(
    ({ atMs, who, what }) =>
      `  ${`+${((atMs - start) / 1000).toFixed(3)}`.padStart(9)} s  ${who.padEnd(width)}  ${what}`,
  );
}

/** The sentence that the whole demonstration is for. */
export function verdictOf(takeover: Takeover, partials: readonly PartialSeen[], spends: number): string {
  const { killed, signers } = takeover;
  const before = partials.filter((one) => one.atMs <= killed.atMs).length;
  const last = Math.max(...partials.map((one) => one.atMs));
  const later = last > killed.atMs ? `the last came ${seconds(last - killed.atMs)} later` : 'no further one was needed';
  const often = spends === 1 ? 'exactly once' : `${spends} times`;
  return `coordinator killed when ${before} of ${signers.length} partial signatures existed; ${later}; the deposit was spent ${often}`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
