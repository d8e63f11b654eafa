import type { Sats } from './terms.ts';

/** An operator's own limit: what one validator signs away in payouts, in any window of this length. */
export type OutflowCap = { readonly sats: Sats; readonly windowSeconds: number };

/** Coins that a payout was signed for, when it was first. */
export type Outflow = { readonly outpoint: string; readonly sats: Sats; readonly atMs: number };

/** Coins signed at this time or before it have left the window. A clock that went back leaves coins of its future, which count. */
export const windowStartMs = (nowMs: number, { windowSeconds }: OutflowCap): number => nowMs - windowSeconds * 1_000;

/**
 * Unix milliseconds from which so much more fits under the cap, if nothing else is signed until then: 0 when it fits now, infinity when it
 * never does. `oldestFirst`: what makes up `heldSats`; no more of it is read than is needed.
 */
export function roomAtMs(
  heldSats: Sats,
  oldestFirst: Iterable<Pick<Outflow, 'sats' | 'atMs'>>,
  moreSats: Sats,
  cap: OutflowCap,
): number {
  if (moreSats > cap.sats) return Number.POSITIVE_INFINITY;
  if (heldSats + moreSats <= cap.sats) return 0;
  let held = heldSats;
  for (const { sats, atMs } of oldestFirst) {
    held -= sats;
    if (held + moreSats <= cap.sats) return atMs + cap.windowSeconds * 1_000;
  }
  return Number.POSITIVE_INFINITY;
}
