import { type Outpoint, outpointText } from '../domain/vault/terms.ts';
import { callForResult, type NodeRpc } from '../plugins/chain/bitcoin/rpc.ts';

/** A confirmed transaction that spends an outpoint, in the node's own words. */
export type Spend = { readonly txid: string; readonly height: number; readonly scripts: readonly string[] };

type BlockWords = {
  readonly rawtx?: readonly {
    readonly txid: string;
    readonly vin: readonly { readonly txid?: string; readonly vout?: number }[];
    readonly vout: readonly { readonly scriptPubKey: { readonly hex: string } }[];
  }[];
};

const BLOCKS_MAX = 2_000;

/**
 * Every spend of `outpoint` in the node's best chain from `fromHeight` on. Blocks are decoded by the node: none of our scanners,
 * codecs or libraries has a say.
 */
export async function spendsSeenBy(node: NodeRpc, outpoint: Outpoint, fromHeight: number): Promise<readonly Spend[]> {
  return (await allSpendsSeenBy(node, fromHeight)).get(outpointText(outpoint)) ?? [];
}

/** The same of every output, by `outpointText`. */
export async function allSpendsSeenBy(
  node: NodeRpc,
  fromHeight: number,
): Promise<ReadonlyMap<string, readonly Spend[]>> {
  const tip = Number(await callForResult(node, 'getblockcount', []));
  const found = new Map<string, Spend[]>();
  for (let height = fromHeight; height <= tip && height - fromHeight < BLOCKS_MAX; height += 1) {
    const hash = String(await callForResult(node, 'getblockhash', [height]));
    const block = (await callForResult(node, 'getblock', [hash, 2])) as BlockWords;
    for (const { txid, vin, vout } of block.rawtx ?? []) {
      const spend = { txid, height, scripts: vout.map(({ scriptPubKey }) => scriptPubKey.hex) };
      for (const input of vin) {
        if (input.txid === undefined || input.vout === undefined) continue;
        const name = outpointText({ txid: input.txid, vout: input.vout });
        found.set(name, [...(found.get(name) ?? []), spend]);
      }
    }
  }
  return found;
}
