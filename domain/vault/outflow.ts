import type { Sats } from './terms.ts';

/** An operator's own limit: what one validator signs away in payouts, in any window of this length. */
export type OutflowCap = { readonly sats: Sats; readonly windowSeconds: number };

/** Coins that a payout was signed for, when it was first. */
export type Outflow = { readonly outpoint: string; readonly sats: Sats; readonly atMs: number };

export const sumOf = (outflows: readonly Pick<Outflow, 'sats'>[]): Sats =>
  outflows.reduce((sum, { sats }) => sum + sats, 0);

/** Coins signed at this time or before it have left the window. A clock that went back leaves coins of its future, which count. */
export const windowStartMs = (nowMs: number, { windowSeconds }: OutflowCap): number => nowMs - windowSeconds * 1_000;

/**
 * Unix milliseconds from which so much more fits under the cap, if nothing else is signed until then: 0 when it fits now, infinity when it
 * never does. `signed`: what the window holds.
 */
export function roomAtMs(signed: readonly Outflow[], moreSats: Sats, cap: OutflowCap): number {
  if (moreSats > cap.sats) return Number.POSITIVE_INFINITY;
  let held = sumOf(signed);
  let atMs = 0;
  for (const outflow of signed.toSorted((a, b) => a.atMs - b.atMs)) {
    if (held + moreSats <= cap.sats) break;
    held -= outflow.sats;
    atMs = outflow.atMs + cap.windowSeconds * 1_000;
  }
  return atMs;
}
