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

/** What one validator heard from its own node: a rate, or zero and the least that is relayed. */
export type SaidFee = { readonly satsPerKvb: number; readonly floorSatsPerKvb: number; readonly reason: string };

/**
 * The middle of what validators say, so that no single one can make a payout dear or stuck. No estimate when fewer than a quorum has
 * one. The floor is then the middle over all who answered, who has an estimate for what every node relays: among the few others a
 * single one could raise it.
 */
export function middleFee(said: readonly SaidFee[], threshold: number): FeeEstimate {
  const rates = said.map(({ satsPerKvb }) => satsPerKvb).filter((rate) => rate > 0);
  if (rates.length >= threshold)
    return { kind: 'estimate', satsPerKvb: median(rates), source: `the middle of ${rates.length} validators` };
  const without = said.filter(({ satsPerKvb }) => satsPerKvb === 0);
  const floors = said.map(({ floorSatsPerKvb }) => Math.max(floorSatsPerKvb, RELAY_FLOOR_SATS_PER_KVB));
  const few = `${said.length} of the ${threshold} validators that are needed told what a payout costs`;
  return {
    kind: 'no-estimate',
    floorSatsPerKvb: median(floors),
    reason:
      said.length < threshold ? few : `${without.length} validators have no estimate (${without[0]?.reason ?? ''})`,
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
