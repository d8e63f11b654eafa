import type { AgentDependencies } from '../dependencies.ts';

/**
 * Transactions that hold a lock on one of `outpoints` and can never confirm in the chain of this validator: another input of theirs
 * is spent by something else, as deep as a deposit must be, or is not in the chain at all. Without this a reorg that takes one of
 * several deposits away would lock the others for ever. Should such a deposit come back, the two transactions still share an
 * output, and the chain takes one of them.
 */
export function hopelessSpends(
  parts: Pick<AgentDependencies, 'journal' | 'chain' | 'policy'>,
  txid: string,
  outpoints: readonly string[],
): readonly string[] {
  const { releases } = parts.journal;
  const holders = new Set<string>();
  for (const outpoint of outpoints)
    for (const { txid: holder } of releases.locksOn(outpoint)) if (holder !== txid) holders.add(holder);
  return [...holders].filter((holder) =>
    releases.locksOf(holder).some(({ outpoint }) => isLost(parts, holder, outpoint)),
  );
}

/** Whether `holder` can never spend the output in the chain of this validator. */
export function isLost(
  { chain, policy }: Pick<AgentDependencies, 'chain' | 'policy'>,
  holder: string,
  outpoint: string,
): boolean {
  const [txid = '', vout = ''] = outpoint.split(':');
  const { output } = chain.output({ txid, vout: Number(vout) });
  if (output === undefined) return true;
  const { spentBy } = output;
  return spentBy !== undefined && spentBy.txid !== holder && spentBy.confirmations >= policy.confirmationsRequired;
}
