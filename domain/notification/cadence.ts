import type { Severity } from '../playbook/plan.ts';

const HOUR_MS = 3_600_000;

/** How long people may wait for the next word, until it is over (custody specification, 13.3). SEV4 has no rhythm. */
const NEXT_WORD_WITHIN_MS: Readonly<Record<Severity, number | undefined>> = {
  SEV1: HOUR_MS,
  SEV2: 4 * HOUR_MS,
  SEV3: 24 * HOUR_MS,
  SEV4: undefined,
};

/** Unix milliseconds by which the next word is due after one at `toldAtMs`; undefined: when something changes. */
export function nextWordDueMs(severity: Severity, toldAtMs: number): number | undefined {
  const within = NEXT_WORD_WITHIN_MS[severity];
  return within === undefined ? undefined : toldAtMs + within;
}
