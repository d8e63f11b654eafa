import { z } from 'zod';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { NetworkParams } from './network-params.ts';
import { callForResult, garbled, type NodeRpc } from './rpc.ts';

/** What a node said about itself when it was last asked. */
export type NodeFacts = {
  readonly genesis: string;
  readonly pruned: boolean;
  /** Still downloading blocks it has headers for; btcd has no flag of its own, so the counts decide. */
  readonly syncing: boolean;
};

const chainInfo = z.object({
  blocks: z.number().int(),
  headers: z.number().int(),
  pruned: z.boolean().optional(),
  initialblockdownload: z.boolean().optional(),
});

/** Asks a node who it is. Throws `policy.wrong-network`, which stays until the configuration or the node changes. */
export async function probeNode(rpc: NodeRpc, params: NetworkParams, signal: AbortSignal): Promise<NodeFacts> {
  const genesis = z.string().safeParse(await callForResult(rpc, 'getblockhash', [0], signal));
  if (!genesis.success) throw garbled(rpc.name, 'getblockhash', 'is not a block hash');
  if (!params.genesisHashes.includes(genesis.data)) {
    throw new FirebreakFailure(
      'policy.wrong-network',
      `Bitcoin node ${rpc.name} is not on ${params.network}: its block 0 is ${genesis.data.slice(0, 64)}; point rpc_urls at a ${params.network} node`,
      { node: rpc.name, expected: params.network },
    );
  }
  const info = chainInfo.safeParse(await callForResult(rpc, 'getblockchaininfo', [], signal));
  if (!info.success) throw garbled(rpc.name, 'getblockchaininfo', 'lacks blocks and headers');
  const { blocks, headers, pruned = false, initialblockdownload = false } = info.data;
  return { genesis: genesis.data, pruned, syncing: initialblockdownload || blocks < headers };
}
