import { Transaction } from 'bitcoinjs-lib';
import { displayHex } from '../../plugins/chain/bitcoin/merkle.ts';
import { callForResult, type NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';
import type { Ledger } from './ledger.ts';

const BLOCK_WEIGHT_MAX = 3_900_000;
const MEMPOOL_TRANSACTIONS_MAX = 20_000;

/**
 * What the next block takes: the union of all nodes' mempools, parents first, one spender per outpoint, and only what is unspent in the chain.
 * A payout that was broadcast to the third node is mined at once, whether or not it was relayed already; what a node still holds that was
 * away while a block spent the same coins would make the block invalid, and every later one with it.
 */
export async function mempoolOf(nodes: readonly NodeRpc[], ledger: Ledger): Promise<Transaction[]> {
  const waiting = new Map<string, Transaction>();
  for (const node of nodes) {
    const answer = await node.call('getrawmempool', []).catch(() => undefined);
    if (answer?.ok !== true || !Array.isArray(answer.result)) continue;
    for (const txid of answer.result.slice(0, MEMPOOL_TRANSACTIONS_MAX)) {
      if (typeof txid !== 'string' || waiting.has(txid)) continue;
      const hex = await callForResult(node, 'getrawtransaction', [txid, 0]).catch(() => undefined);
      if (typeof hex === 'string') waiting.set(txid, Transaction.fromHex(hex));
    }
  }
  return parentsFirst(waiting, ledger);
}

function parentsFirst(waiting: ReadonlyMap<string, Transaction>, ledger: Ledger): Transaction[] {
  const chosen: Transaction[] = [];
  const done = new Set<string>();
  const taken = new Set<string>();
  const spent = new Set<string>();
  let weight = 4_000;
  const visit = (txid: string): boolean => {
    const transaction = waiting.get(txid);
    if (transaction === undefined || done.has(txid)) return true;
    done.add(txid);
    const inputs = transaction.ins.map((input) => ({ parent: displayHex(input.hash), index: input.index }));
    const keys = inputs.map(({ parent, index }) => `${parent}:${index}`);
    // The chain is asked first: a node that was away still holds a parent that a block took long ago.
    const isThere = ({ parent }: (typeof inputs)[number], at: number): boolean =>
      ledger.isUnspent(keys[at] ?? '') || (visit(parent) && taken.has(parent));
    if (!inputs.every(isThere)) return false;
    if (keys.some((key) => spent.has(key)) || weight + transaction.weight() > BLOCK_WEIGHT_MAX) return false;
    for (const key of keys) spent.add(key);
    weight += transaction.weight();
    chosen.push(transaction);
    taken.add(txid);
    return true;
  };
  for (const txid of waiting.keys()) visit(txid);
  return chosen;
}
