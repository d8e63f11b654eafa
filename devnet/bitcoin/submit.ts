import { callForResult, type NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';

const CATCH_UP_BLOCKS_MAX = 2_000;
const SILENT = 'does not answer';

/**
 * Hands a block to every node that answers; rejects when none took it. A node that was down gets the blocks it missed first,
 * so that a fault test does not wait for the reconnect timer of the node.
 */
export async function submitToAll(nodes: readonly NodeRpc[], bytes: Buffer, hash: string): Promise<void> {
  const hex = bytes.toString('hex');
  const reasons: string[] = [];
  let taken: NodeRpc | undefined;
  const behind: NodeRpc[] = [];
  for (const node of nodes) {
    const reason = await submit(node, hex, hash);
    if (reason === undefined) taken ??= node;
    else reasons.push(`${node.name}: ${reason}`);
    if (reason !== undefined && reason !== SILENT) behind.push(node);
  }
  for (const node of behind) {
    if (taken !== undefined && (await catchUp(node, taken))) await submit(node, hex, hash);
  }
  if (taken === undefined) throw new Error(`no node took block ${hash}: ${reasons.join('; ')}`);
}

/** undefined when the node has the block afterwards; its words are only for the message. */
async function submit(node: NodeRpc, hex: string, hash: string): Promise<string | undefined> {
  const answer = await node.call('submitblock', [hex]).catch(() => undefined);
  if (answer === undefined) return SILENT;
  if (answer.ok && answer.result === null) return undefined;
  const known = await node.call('getblock', [hash, 0]).catch(() => undefined);
  if (known?.ok === true) return undefined;
  return answer.ok ? String(answer.result) : answer.message;
}

async function catchUp(behind: NodeRpc, source: NodeRpc): Promise<boolean> {
  try {
    const missing: string[] = [];
    let hash = String(await callForResult(source, 'getbestblockhash', []));
    while (missing.length < CATCH_UP_BLOCKS_MAX) {
      const have = await behind.call('getblock', [hash, 0]);
      if (have.ok) break;
      const hex = String(await callForResult(source, 'getblock', [hash, 0]));
      missing.push(hex);
      hash = Buffer.from(hex.slice(8, 72), 'hex').reverse().toString('hex');
    }
    for (const hex of missing.reverse()) await behind.call('submitblock', [hex]);
    return true;
  } catch {
    return false;
  }
}
