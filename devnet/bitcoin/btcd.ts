import { join } from 'node:path';
import { type BitcoinNodeOptions, type RunningBitcoinNode, startNode } from './node-process.ts';

export type BtcdOptions = BitcoinNodeOptions & {
  /** Path of the btcd program (`await toolPath('btcd')`). */
  readonly binary: string;
  /** Another genesis, for tests of what must be refused; default regtest. */
  readonly network?: 'regtest' | 'simnet';
  /** Throws old blocks away beyond so many MiB (at least 1,536), and says so; such a node has no index of transactions. */
  readonly pruneMib?: number;
};

/** Starts one btcd, on regtest unless told otherwise. */
export function startBtcd(options: BtcdOptions): Promise<RunningBitcoinNode> {
  const program = {
    name: 'btcd',
    binary: options.binary,
    configuration: (user: string, password: string) => `[Application Options]\nrpcuser=${user}\nrpcpass=${password}\n`,
    flags: (configFile: string) => flagsOf(options, configFile),
  };
  return startNode(program, options);
}

/** Without the last three flags btcd on regtest relays dust, free and non-standard transactions, which no real node does. */
function flagsOf(options: BtcdOptions, configFile: string): string[] {
  const listen = options.p2pPort === undefined ? ['--nolisten'] : [`--listen=127.0.0.1:${options.p2pPort}`];
  // btcd looks for peers by itself unless it is told whom to connect to; port 1 answers nobody.
  const peers = options.connect === undefined || options.connect.length === 0 ? ['127.0.0.1:1'] : options.connect;
  return [
    `--${options.network ?? 'regtest'}`,
    '--notls',
    `--configfile=${configFile}`,
    `--datadir=${join(options.dir, 'data')}`,
    `--logdir=${join(options.dir, 'logs')}`,
    `--rpclisten=127.0.0.1:${options.rpcPort}`,
    '--rpcmaxclients=100',
    '--rpcmaxconcurrentreqs=100',
    ...listen,
    ...peers.map((peer) => `--connect=${peer}`),
    '--nodnsseed',
    '--nobanning',
    '--trickleinterval=100ms',
    options.pruneMib === undefined ? '--txindex' : `--prune=${options.pruneMib}`,
    '--rejectnonstd',
    '--limitfreerelay=0',
    '--norelaypriority',
  ];
}
