import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findTool } from '../../toolchain/tools.mjs';
import { type BitcoinNodeOptions, type RunningBitcoinNode, startNode } from './node-process.ts';

export type BitcoinCoreOptions = BitcoinNodeOptions & {
  /** Path of bitcoind (`await bitcoindPath()`). */
  readonly binary: string;
};

/** Starts one Bitcoin Core on regtest. Its RPC has the password that other nodes have too, and the cookie that it writes anew at each start. */
export function startBitcoinCore(options: BitcoinCoreOptions): Promise<RunningBitcoinNode> {
  const program = {
    name: 'bitcoind',
    binary: options.binary,
    // `rpcuser` and `rpcpassword` would switch the cookie off.
    configuration: (user: string, password: string) => `rpcauth=${rpcAuthOf(user, password)}\n`,
    flags: (configFile: string) => flagsOf(options, configFile),
  };
  return startNode(program, options);
}

/** Path of a bitcoind that is here: building one takes minutes, and is left to `npm test`. */
export async function bitcoindPath(): Promise<string> {
  const found = await findTool('bitcoind');
  if (found !== undefined) return found.path;
  throw new Error('there is no bitcoind here: `npm test -- compliance` builds one, FIREBREAK_TOOL_BITCOIND names one');
}

/** Where a node that lives in `dir` writes its cookie. */
export const cookieFileOf = (dir: string): string => join(dir, 'regtest', '.cookie');

/** `user:salt$hash`, as Core's share/rpcauth/rpcauth.py makes it: HMAC-SHA256 of the password under the salt's own characters. */
function rpcAuthOf(user: string, password: string): string {
  const salt = randomBytes(16).toString('hex');
  return `${user}:${salt}$${createHmac('sha256', salt).update(password).digest('hex')}`;
}

/** On regtest Core relays what is not standard unless it is told not to, and no real node does. */
function flagsOf(options: BitcoinCoreOptions, configFile: string): string[] {
  const listen = options.p2pPort === undefined ? ['-listen=0'] : ['-listen=1', `-bind=127.0.0.1:${options.p2pPort}`];
  const peers = options.connect === undefined || options.connect.length === 0 ? ['0'] : options.connect;
  return [
    '-regtest',
    `-conf=${configFile}`,
    `-datadir=${options.dir}`,
    '-server',
    `-rpcport=${options.rpcPort}`,
    '-rpcbind=127.0.0.1',
    '-rpcallowip=127.0.0.1',
    ...listen,
    '-listenonion=0',
    ...peers.map((peer) => `-connect=${peer}`),
    '-dnsseed=0',
    '-fixedseeds=0',
    '-discover=0',
    '-txindex',
    '-acceptnonstdtxn=0',
    '-dbcache=16',
    '-par=1',
    '-nodebuglogfile',
    '-printtoconsole',
  ];
}
