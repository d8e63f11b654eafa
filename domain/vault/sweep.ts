import { RELAY_FLOOR_SATS_PER_KVB } from './fee.ts';
import type { Outpoint, Sats } from './terms.ts';
import { RELEASE_OUTPOINTS_MAX } from './verify-release.ts';

/** Weight of one key-path input: 41 bytes, and a witness of one 64-byte signature (BIP141, BIP341). */
const INPUT_WEIGHT = 41 * 4 + 66;
/** Weight of everything else: version, counts, lock time, one P2TR output of 43 bytes, and the marker of the witness. */
const REST_WEIGHT = (4 + 1 + 1 + 43 + 4) * 4 + 2;
/** Smallest P2TR output that nodes relay at the default dust rate. */
const P2TR_DUST_SATS = 330;

/** Virtual bytes of a sweep of so many deposits to one address of ours. */
export const sweepVsize = (inputs: number): number => Math.ceil((inputs * INPUT_WEIGHT + REST_WEIGHT) / 4);

/**
 * The coins of a vault that one sweep takes, the largest first: each worth more than its own input costs. Anybody can send dust to an
 * address; it must neither eat the fee of the deposits nor keep them out.
 */
export const coinsToSweep = <Coin extends { readonly amountSats: Sats }>(
  coins: readonly Coin[],
  satsPerKvb: number,
): readonly Coin[] =>
  coins
    .filter(({ amountSats }) => amountSats > Math.ceil((INPUT_WEIGHT / 4) * (satsPerKvb / 1_000)))
    .toSorted((a, b) => b.amountSats - a.amountSats)
    .slice(0, RELEASE_OUTPOINTS_MAX);

/** The one order in which a sweep names its inputs: by txid as it is written, then by output. The same coins at the same fee are then one transaction. */
export function bySweepOrder(a: Outpoint, b: Outpoint): number {
  if (a.txid !== b.txid) return a.txid < b.txid ? -1 : 1;
  return a.vout - b.vout;
}

/** What a sweep at the lowest fee that is relayed would leave of these coins; 0 when it is not worth a transaction of anybody's. */
export function sweepableSats(amounts: readonly Sats[]): Sats {
  const coins = coinsToSweep(
    amounts.map((amountSats) => ({ amountSats })),
    RELAY_FLOOR_SATS_PER_KVB,
  );
  const sum = coins.reduce((total, { amountSats }) => total + amountSats, 0);
  const left = sum - Math.ceil((sweepVsize(coins.length) * RELAY_FLOOR_SATS_PER_KVB) / 1_000);
  return left < P2TR_DUST_SATS ? 0 : left;
}
