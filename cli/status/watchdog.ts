import { z } from 'zod';
import { inertText } from '../../domain/alert/text.ts';
import { readJson, whySilent } from './reports.ts';

/** It looks at least every five minutes, whatever its configuration says. */
const STUCK_MS = 600_000;
const LOST_SHOWN_MAX = 5;
const NAME_CHARACTERS_MAX = 60;

const schema = z.looseObject({
  lookedAtMs: z.number().nullable(),
  lost: z.array(z.string()).max(1_000),
  pages: z.number(),
  incidents: z.number(),
});

/** What a watchdog says about itself and of what it looks at; a report only. */
export type WatchdogReport =
  | { readonly up: false; readonly why: string }
  | ({ readonly up: true } & Readonly<z.infer<typeof schema>>);

/** `url` is the base of its metrics, without a path. Never throws. */
export async function askWatchdog(url: string): Promise<WatchdogReport> {
  try {
    return { ...(await readJson(`${url}/health`, schema)), up: true };
  } catch (error) {
    return { up: false, why: whySilent(error) };
  }
}

/** One line; a watchdog that is down or stuck is louder than what it last found. */
export function watchdogLine(report: WatchdogReport, nowMs: number): string {
  if (!report.up) return `  watchdog   DOWN: ${report.why}; nobody pages when Temporal dies`;
  const { lookedAtMs, lost, incidents } = report;
  if (lookedAtMs === null) return '  watchdog   UP, has not looked yet';
  const silentMs = nowMs - lookedAtMs;
  if (silentMs > STUCK_MS) return `  watchdog   STUCK: it looked last ${Math.floor(silentMs / 60_000)} minutes ago`;
  if (lost.length === 0) return `  watchdog   UP, nothing is lost; open incidents it guards: ${incidents}`;
  const shown = lost.slice(0, LOST_SHOWN_MAX).map((what) => inertText(what, NAME_CHARACTERS_MAX));
  return `  watchdog   HAS PAGED, lost: ${shown.join(', ')}${lost.length > shown.length ? ', …' : ''}`;
}
