import { FirebreakFailure } from '../errors/failure.ts';
import type { FeeEstimate } from '../ports/chain.ts';
import type { Sats } from './terms.ts';

/** Below this no node relays (Bitcoin Core's default `minrelaytxfee`). */
export const RELAY_FLOOR_SATS_PER_KVB: number = 1_000;

/**
 * The fee of a payout of `vsize` virtual bytes: the estimate, not below what is relayed and not above what the owner agreed to.
 * `policy.fee-over-cap` when even the floor is above `capSats`.
 */
export function feeFor(estimate: FeeEstimate, vsize: number, capSats: Sats): Sats {
  const at = (satsPerKvb: number): Sats => Math.ceil((vsize * satsPerKvb) / 1_000);
  const floor = at(estimate.kind === 'no-estimate' ? estimate.floorSatsPerKvb : RELAY_FLOOR_SATS_PER_KVB);
  if (floor > capSats) {
    throw new FirebreakFailure('policy.fee-over-cap', `the smallest fee is ${floor} sat, the terms allow ${capSats}`, {
      floor,
      capSats,
    });
  }
  const wanted = estimate.kind === 'estimate' ? at(estimate.satsPerKvb) : floor;
  return Math.min(Math.max(wanted, floor), capSats);
}
