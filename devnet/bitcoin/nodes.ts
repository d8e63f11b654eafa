import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RegtestDevChain } from './dev-chain.ts';
import { openFaucet } from './faucet.ts';
import type { BitcoinNodeOptions, RunningBitcoinNode } from './node-process.ts';

export type BitcoinNodesOptions = {
  /** Starts the node at a position: `startBtcd` or `startBitcoinCore` with its program. */
  start(options: BitcoinNodeOptions, position: number): Promise<RunningBitcoinNode>;
  /** The devnet folder: `bitcoin-1` …, `faucet.key` and `bitcoin-rpc-password` (one for all nodes) are made in it. */
  readonly dir: string;
  /** One pair per node. */
  readonly ports: readonly { readonly rpcPort: number; readonly p2pPort: number }[];
};

export type BitcoinNodes = {
  /** In the order of the ports; `restart` replaces an entry. */
  readonly nodes: readonly RunningBitcoinNode[];
  readonly chain: RegtestDevChain;
  /** Starts the node at this position again, in its folder and on its ports, after it was stopped or killed. */
  restart(position: number): Promise<RunningBitcoinNode>;
  stop(): Promise<void>;
};

/** Starts the nodes, each in its own folder and connected to all before it, with a faucet that can pay at once. */
export async function startBitcoinNodes(options: BitcoinNodesOptions): Promise<BitcoinNodes> {
  const nodes: RunningBitcoinNode[] = [];
  const passwordFile = join(options.dir, 'bitcoin-rpc-password');
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const start = async (position: number): Promise<RunningBitcoinNode> => {
    const ports = options.ports[position];
    if (ports === undefined) throw new Error(`the devnet has no Bitcoin node at position ${position}`);
    const connect = options.ports.slice(0, position).map(({ p2pPort }) => `127.0.0.1:${p2pPort}`);
    const dir = join(options.dir, `bitcoin-${position + 1}`);
    const node = await options.start({ dir, passwordFile, ...ports, connect }, position);
    nodes[position] = node;
    return node;
  };
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const position of options.ports.keys()) await start(position);
    const faucet = await openFaucet(join(options.dir, 'faucet.key'));
    // Address and password of a node stay the same over its restarts, so these clients do too.
    const chain = new RegtestDevChain(
      nodes.map((node) => node.rpc),
      faucet,
    );
    await chain.prepare();
    return { nodes, chain, restart: start, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}
