import { Block, Transaction } from 'bitcoinjs-lib';
import { internalBytes } from '../../plugins/chain/bitcoin/merkle.ts';
import { callForResult } from '../../plugins/chain/bitcoin/rpc.ts';
import type { LiveNetwork } from '../live-network.ts';
import type { Deposited, Ledger } from './ledger.ts';

/** Replaces the newest blocks by one more; what was in them is mined again in the new branch. */
export async function moveAll({ chain }: LiveNetwork, depth: number): Promise<void> {
  const { height } = await chain.tip();
  await chain.forkFrom(height - depth, depth + 1);
}

/** The same, but no payout is in the new branch: it waits in the memory of a node, or is sent again. */
export async function orphanPayouts(live: LiveNetwork, ledger: Ledger, depth: number): Promise<void> {
  const { height } = await live.chain.tip();
  const replaced = await transactionsAbove(live, height - depth);
  const payouts = new Set(replaced.filter((each) => ledger.deposits.some((deposit) => spends(each, deposit))));
  await live.chain.forkFrom(height - depth, depth + 1, { drop: true, include: bytesOf(replaced, payouts) });
}

/**
 * The same, but the coins of one deposit, of which nobody asked a payout yet, go back to their sender. Whoever signed for such a deposit
 * would wait for ever, and rightly. Throws when there is no such deposit in the blocks.
 */
export async function takeBack(live: LiveNetwork, ledger: Ledger, depth: number): Promise<void> {
  const { height } = await live.chain.tip();
  const replaced = await transactionsAbove(live, height - depth);
  const victim = ledger.deposits.find(({ state, outpoint }) => {
    const funding = state === 'made' ? replaced.find((each) => each.getId() === outpoint.txid) : undefined;
    if (funding === undefined || replaced.some((each) => descendsFrom(each, funding))) return false;
    // Coins that are in the replaced blocks themselves cannot be spent elsewhere in the first new one.
    return !replaced.some((each) => descendsFrom(funding, each));
  });
  if (victim === undefined) throw new Error('no deposit is in these blocks that nobody asked for');
  victim.state = 'taken-back';
  const gone = new Set(replaced.filter((each) => each.getId() === victim.outpoint.txid));
  await live.chain.forkFrom(height - depth, depth + 1, { drop: true, include: bytesOf(replaced, gone) });
}

async function transactionsAbove({ nodes, chain }: LiveNetwork, height: number): Promise<readonly Transaction[]> {
  const found: Transaction[] = [];
  const [node] = nodes;
  const { height: tip } = await chain.tip();
  for (let at = height + 1; at <= tip; at += 1) {
    const hash = String(await callForResult(node, 'getblockhash', [at]));
    const block = Block.fromHex(String(await callForResult(node, 'getblock', [hash, 0])));
    found.push(...(block.transactions ?? []).slice(1));
  }
  return found;
}

const bytesOf = (transactions: readonly Transaction[], without: ReadonlySet<Transaction>): Uint8Array[] =>
  transactions.filter((each) => !without.has(each)).map((each) => each.toBuffer());

const spends = (transaction: Transaction, { outpoint }: Deposited): boolean =>
  transaction.ins.some(
    ({ hash, index }) => index === outpoint.vout && Buffer.from(hash).equals(internalBytes(outpoint.txid)),
  );

const descendsFrom = (transaction: Transaction, parent: Transaction): boolean =>
  transaction.ins.some(({ hash }) => Buffer.from(hash).equals(parent.getHash()));
