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
  return [...holders].filter((holder) => {
    // Of what was only imported the outputs may not have been searched for here: what is not seen is not lost.
    const wasJudged = (parts.journal.proposals.get(holder)?.proposal.length ?? 0) > 0;
    return releases
      .locksOf(holder)
      .some(
        ({ outpoint }) =>
          isSpentElsewhere(parts, holder, outpoint) || (wasJudged && outputAt(parts, outpoint) === undefined),
      );
  });
}

type View = Pick<AgentDependencies, 'chain' | 'policy'>;

function outputAt({ chain }: View, outpoint: string) {
  const [txid = '', vout = ''] = outpoint.split(':');
  return chain.output({ txid, vout: Number(vout) }).output;
}

/** Whether somebody else has spent the output as deep as a deposit must be: then `holder` can never confirm. */
export function isSpentElsewhere(view: View, holder: string, outpoint: string): boolean {
  const spentBy = outputAt(view, outpoint)?.spentBy;
  return spentBy !== undefined && spentBy.txid !== holder && spentBy.confirmations >= view.policy.confirmationsRequired;
}
