import type { Ledger, PaidOut } from './ledger.ts';

export type Lost = {
  /** From the first fault to the last settled payout. */
  readonly stormSeconds: number;
  /** What so many payouts take when nothing happens, by those before the first fault. */
  readonly calmSeconds: number;
  readonly payouts: number;
  readonly medianSeconds: number;
  readonly calmMedianSeconds: number;
  readonly slowestSeconds: number;
  /** From the end of the last fault until nothing was left to do. */
  readonly afterSeconds: number;
  readonly sessions: number;
};

/** What the faults cost in time, against the same load on the same machine before the first of them. */
export function timeLost({ payouts, stormAtMs, calmAtMs, doneAtMs }: Ledger, beganAtMs: number): Lost {
  const calm = payouts.filter(({ endedAtMs }) => endedAtMs <= stormAtMs);
  const rest = payouts.filter(({ endedAtMs }) => endedAtMs > stormAtMs);
  const each = calm.length === 0 ? 0 : (stormAtMs - beganAtMs) / 1_000 / calm.length;
  return {
    stormSeconds: (doneAtMs - stormAtMs) / 1_000,
    calmSeconds: each * rest.length,
    payouts: rest.length,
    medianSeconds: median(rest),
    calmMedianSeconds: median(calm),
    slowestSeconds: Math.max(0, ...rest.map(seconds)),
    afterSeconds: (doneAtMs - calmAtMs) / 1_000,
    sessions: rest.reduce((sum, { sessions }) => sum + sessions, 0),
  };
}

const seconds = ({ startedAtMs, endedAtMs }: PaidOut): number => (endedAtMs - startedAtMs) / 1_000;

function median(payouts: readonly PaidOut[]): number {
  const sorted = payouts.map(seconds).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

export const lostLine = (lost: Lost): string =>
  `${lost.payouts} payouts in ${lost.stormSeconds.toFixed(0)} s, ${lost.calmSeconds.toFixed(0)} s without faults: ` +
  `${Math.max(0, lost.stormSeconds - lost.calmSeconds).toFixed(0)} s lost; a payout took ${lost.medianSeconds.toFixed(1)} s at the median ` +
  `(${lost.calmMedianSeconds.toFixed(1)} s before), ${lost.slowestSeconds.toFixed(1)} s at most; ` +
  `${lost.afterSeconds.toFixed(0)} s after the last fault all was done`;
