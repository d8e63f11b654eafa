import { Transaction } from 'bitcoinjs-lib';
import type { Outpoint } from '../domain/vault/terms.ts';
import { Block } from 'bitcoinjs-lib';
import { internalBytes } from '../plugins/chain/bitcoin/merkle.ts';
import { callForResult, type NodeRpc } from '../plugins/chain/bitcoin/rpc.ts';

const BLOCKS_MAX = 2_000;

/** Transactions in the canonical chain of `node`, from `fromHeight` to the tip, that spend this output. */
export async function spendsOf(node: NodeRpc, outpoint: Outpoint, fromHeight: number): Promise<readonly string[]> {
  const tip = Number(await callForResult(node, 'getblockcount', []));
  const wanted = internalBytes(outpoint.txid);
  const found: string[] = [];
  for (let height = fromHeight; height <= tip && height - fromHeight < BLOCKS_MAX; height += 1) {
    const hash = String(await callForResult(node, 'getblockhash', [height]));
    const block = Block.fromHex(String(await callForResult(node, 'getblock', [hash, 0])));
    for (const transaction of block.transactions ?? [])
      if (spends(transaction, wanted, outpoint.vout)) found.push(transaction.getId());
  }
  return found;
}

const spends = (transaction: Transaction, txid: Uint8Array, vout: number): boolean =>
  transaction.ins.some((input) => input.index === vout && Buffer.from(input.hash).equals(txid));
