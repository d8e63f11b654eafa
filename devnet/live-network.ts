import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client } from '@temporalio/client';
import { RegtestDevChain } from './bitcoin/dev-chain.ts';
import { openFaucet } from './bitcoin/faucet.ts';
import { copiesOf } from './copy.ts';
import { serveControl } from './control/serve.ts';
import { NODE_COUNT } from './layout.ts';
import { type Network, startBitcoin, startTemporal, startValidators, startWorkers } from './network.ts';
import type { UpOptions } from './options.ts';
import { LOOPBACK } from './ports.ts';
import { connectClient } from './story.ts';
import { type HoldableSupervisor, holdable } from './supervisor/held.ts';
import { openLedger } from './supervisor/ledger.ts';
import { supervise } from './supervisor/supervisor.ts';
import { prepare, prepareFiles } from './up.ts';
import { RPC_USER } from './validators.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import { validatorName } from '../domain/network/network.ts';
import { basicAuthorization, connectRpc, type NodeRpc } from '../plugins/chain/bitcoin/rpc.ts';

/** The whole devnet with every process real, supervised by this test, which may kill, stop and hold what it likes. */
export type LiveNetwork = Network & {
  readonly supervisor: HoldableSupervisor;
  readonly data: string;
  readonly client: Client;
  /** Mines, funds and forks; what it says comes from the nodes themselves. */
  readonly chain: RegtestDevChain;
  /** A connection per Bitcoin node, for looking without any of our scanners. */
  readonly nodes: readonly [NodeRpc, ...NodeRpc[]];
  /** Writes the whole chain down, so that the next start of this folder has it. */
  keepChain(): Promise<void>;
  stop(): Promise<void>;
};

export type LiveOptions = {
  readonly data: string;
  readonly portBase?: number;
  readonly keystore?: UpOptions['keystore'];
  /** Before any process starts: a test may change configurations. */
  readonly configure?: (network: Network) => void | Promise<void>;
  readonly programOf?: Network['programOf'];
};

/** Kills are this test's business: a service that lived this long is started again at once. */
const SETTLED_MS = 1_000;

export async function startLiveNetwork(options: LiveOptions): Promise<LiveNetwork> {
  const { data, portBase, keystore = 'auto' } = options;
  const prepared = await prepare({
    verb: 'up',
    data,
    once: false,
    keystore,
    portBase,
    kill: false,
    story: false,
    emergency: false,
  });
  const { layout, ports, tools, storage } = prepared;
  const stopped = new AbortController();
  let supervisor: HoldableSupervisor | undefined;
  const closing: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    stopped.abort();
    for (const close of closing) await close().catch(() => undefined);
    await supervisor?.stop();
    prepared.release();
  };
  try {
    await prepareFiles(prepared);
    const ledger = openLedger(layout.state, { portBase: ports.base, keystore: storage.type });
    supervisor = holdable(supervise(ledger, () => undefined, SETTLED_MS));
    const { programOf } = options;
    const network = { layout, ports, tools, storage: storage.type, supervisor, signal: stopped.signal, programOf };
    await options.configure?.(network);
    await startTemporal(network);
    const bitcoin = await startBitcoin(network);
    await startValidators(network, () => undefined);
    await startWorkers(network);
    const control = await serveControl(
      { port: ports.control, secretFile: layout.control },
      bitcoin.chain,
      copiesOf(network),
    );
    closing.push(control.close);
    const { client, close } = await connectClient(network);
    closing.push(close);
    const others = Array.from({ length: NODE_COUNT - 1 }, (_unused, index) => nodeOf(network, index + 2));
    const nodes = [nodeOf(network, 1), ...others] as const;
    const chain = new RegtestDevChain(nodes, await openFaucet(join(layout.root, 'faucet.key')));
    return {
      ...network,
      data,
      client,
      nodes: [...nodes],
      chain,
      keepChain: async () => void (await bitcoin.chain.mine(1)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function nodeOf({ layout, ports }: Network, node: number): NodeRpc {
  const password = readFileSync(join(layout.bitcoin(node).dir, 'rpc-password'), 'utf8').trim();
  return connectRpc({
    url: `http://${LOOPBACK}:${ports.bitcoinRpc(node)}/`,
    authorization: async () => basicAuthorization(RPC_USER, password),
    timeoutMs: 10_000,
    maxResponseBytes: 64 << 20,
  });
}

/** SIGSTOP: alive and silent, as a process on a machine that hangs. */
export const silence = (live: LiveNetwork, id: ValidatorId): boolean =>
  live.supervisor.service(validatorName(id))?.signal('SIGSTOP') === true;

export const unsilence = (live: LiveNetwork, id: ValidatorId): boolean =>
  live.supervisor.service(validatorName(id))?.signal('SIGCONT') === true;
