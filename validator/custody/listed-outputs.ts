import type { WatchedOutput } from '../../domain/ports/chain.ts';

/** The most that one statement lists, to stay far below the limit of a message. */
export const OUTPUTS_MAX = 1_000;
/** Places that spent outputs have whatever else is there: settlement reads from them what spent a deposit. */
const SPENT_KEPT = 100;

/**
 * What a statement lists of the outputs on one script, in the same order at every validator: unspent ones first, each kind by amount, the
 * largest first. Anybody can send dust to an address that is known; it must not push a deposit off the list, nor what spent one.
 */
export function listedOutputs(outputs: readonly WatchedOutput[]): {
  readonly listed: readonly WatchedOutput[];
  /** How many were left out. */
  readonly leftOut: number;
} {
  const sorted = outputs.toSorted(byAmount);
  const spent = sorted.filter(({ spentBy }) => spentBy !== undefined);
  const unspent = sorted.filter(({ spentBy }) => spentBy === undefined);
  const first = unspent.slice(0, OUTPUTS_MAX - Math.min(spent.length, SPENT_KEPT));
  const listed = [...first, ...spent.slice(0, OUTPUTS_MAX - first.length)];
  return { listed, leftOut: outputs.length - listed.length };
}

function byAmount(a: WatchedOutput, b: WatchedOutput): number {
  if (a.amountSats !== b.amountSats) return b.amountSats - a.amountSats;
  if (a.outpoint.txid !== b.outpoint.txid) return a.outpoint.txid < b.outpoint.txid ? -1 : 1;
  return a.outpoint.vout - b.outpoint.vout;
}
