import type { AgentDependencies } from '../dependencies.ts';

/**
 * Transactions that hold a lock on one of `outpoints` and can never confirm in the chain of this validator: another input of theirs
 * is spent by something else, as deep as a deposit must be, or is not in the chain at all. Without this a reorg that takes one of
 * several deposits away would lock the others for ever. Should such a deposit come back, the two transactions still share an
 * output, and the chain takes one of them.
 */
export function hopelessSpends(
  { journal, chain, policy }: Pick<AgentDependencies, 'journal' | 'chain' | 'policy'>,
  txid: string,
  outpoints: readonly string[],
): readonly string[] {
  const holders = new Set<string>();
  for (const outpoint of outpoints)
    for (const { txid: holder } of journal.releases.locksOn(outpoint)) if (holder !== txid) holders.add(holder);
  const isLost = (holder: string, outpoint: string): boolean => {
    const [outputTxid = '', vout = ''] = outpoint.split(':');
    const { output } = chain.output({ txid: outputTxid, vout: Number(vout) });
    if (output === undefined) return true;
    const { spentBy } = output;
    return spentBy !== undefined && spentBy.txid !== holder && spentBy.confirmations >= policy.confirmationsRequired;
  };
  return [...holders].filter((holder) =>
    journal.releases.locksOf(holder).some(({ outpoint }) => isLost(holder, outpoint)),
  );
}
