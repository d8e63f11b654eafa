import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { Client, Connection } from '@temporalio/client';
import { toHex } from '../../domain/encoding/hex.ts';
import { type NetworkGenesis, type ValidatorId, validatorId, validatorName } from '../../domain/network/network.ts';
import type { NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';
import { createIdentityFile } from '../../plugins/network/libp2p/identity-file.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { initValidator } from '../../validator/init.ts';
import { parseNetworkGenesis } from '../../wire/documents/index.ts';
import { writeCoordinatorConfig } from '../../workers/config/write.ts';
import { RegtestDevChain } from '../bitcoin/dev-chain.ts';
import { openFaucet } from '../bitcoin/faucet.ts';
import { type BlockKeeper, keepBlocks } from '../block-keeper.ts';
import { newCommittee } from '../genesis.ts';
import { type Layout, layout as layoutOf, NETWORK_ENVIRONMENT, NETWORK_NAME } from '../layout.ts';
import { type Network, startTemporal } from '../network.ts';
import { LOOPBACK, type PortPlan, portPlan, requireFreePorts } from '../ports.ts';
import { bitcoinSpec, validatorSpec, workerSpec } from '../processes.ts';
import { endsForGood, getJson, untilReady } from '../ready.ts';
import { openLedger } from '../supervisor/ledger.ts';
import { type ServiceSpec, supervise } from '../supervisor/supervisor.ts';
import { RPC_USER } from '../validators.ts';

/** 3 of 4 sign: the smallest network in which one may die and the others go on. */
export const VALIDATORS: readonly ValidatorId[] = [1, 2, 3, 4].map(validatorId);
export const THRESHOLD = 3;
/** The worker and half of the validators see the chain through the first, the others through the second. */
const NODES = [1, 2] as const;
export const CONFIRMATIONS = 2;

/** A service that lived this long is started again at once: its deaths are not its own doing. */
const SETTLED_MS = 300;
const READY_MS = 120_000;
/** A regtest block comes when somebody asks for it. */
const POLL_MS = 300;
const SCRYPT_WORK_FACTOR = 10;
const OUTFLOW_CAP_SATS = 1_000_000_000_000;

export type SmallNetwork = Network & {
  readonly genesis: NetworkGenesis;
  readonly client: Client;
  readonly chain: RegtestDevChain;
  readonly nodes: readonly NodeRpc[];
  /** Mines and writes the chain down: a node that is killed comes back without it. */
  mine(blocks: number): Promise<void>;
  /** Every process answers that it is ready. */
  allReady(): Promise<void>;
  stop(): Promise<void>;
};

/** One network of real processes in a fresh folder: four validators, two Bitcoin nodes, Temporal and one worker. */
export async function startSmallNetwork(root: string, portBase: number, signal: AbortSignal): Promise<SmallNetwork> {
  const layout = layoutOf(root);
  const ports = portPlan(portBase);
  await requireFreePorts(ports);
  const tools = {
    temporal: await toolPath('temporal'),
    btcd: await toolPath('btcd'),
    prometheus: '',
    alertmanager: '',
  };
  const genesis = await writeFiles(layout, ports);
  const supervisor = supervise(openLedger(layout.state, { portBase, keystore: 'file' }), () => undefined, SETTLED_MS);
  const ended = new AbortController();
  const network: Network = {
    layout,
    ports,
    tools,
    storage: 'file',
    supervisor,
    signal: AbortSignal.any([signal, ended.signal]),
  };
  try {
    const [{ nodes, chain, keeper }] = await Promise.all([startNodes(network), startTemporal(network)]);
    for (const id of VALIDATORS) await supervisor.run(validatorSpec(layout, 'file', id));
    await supervisor.run(workerSpec(layout, 1));
    const connection = await Connection.connect({ address: `${LOOPBACK}:${ports.temporal}` });
    const allReady = async (): Promise<void> => {
      await Promise.all([everybodyReady(network), sameHeight(nodes, layout.blocks)]);
    };
    await allReady();
    return {
      ...network,
      genesis,
      client: new Client({ connection }),
      chain,
      nodes,
      mine: async (blocks) => {
        await chain.mine(blocks);
        await keeper.save(await highest(nodes));
      },
      allReady,
      stop: async () => {
        ended.abort();
        await connection.close().catch(() => undefined);
        await supervisor.stop();
      },
    };
  } catch (error) {
    ended.abort();
    await supervisor.stop();
    throw error;
  }
}

async function startNodes(network: Network): Promise<{
  readonly nodes: readonly NodeRpc[];
  readonly chain: RegtestDevChain;
  readonly keeper: BlockKeeper;
}> {
  const { layout, ports, tools, supervisor } = network;
  const keeper = keepBlocks(layout.blocks);
  const rpcs = new Map<number, NodeRpc>();
  await Promise.all(
    NODES.map(async (node) => {
      const spec = bitcoinSpec(layout, ports, tools, node, ({ rpc }) => rpcs.set(node, rpc));
      await supervisor.run(givenTheChain(spec, layout.blocks, () => rpcs.get(node)));
    }),
  );
  const nodes = NODES.flatMap((node) => rpcs.get(node) ?? []);
  const chain = new RegtestDevChain(nodes, await openFaucet(join(layout.root, 'faucet.key')));
  await chain.prepare();
  await chain.mine(1);
  await keeper.save(await highest(nodes));
  return { nodes, chain, keeper };
}

/** btcd forgets a regtest chain when it ends, as no real node does: it gets its blocks back before it counts as started. */
function givenTheChain(spec: ServiceSpec, blocks: string, rpc: () => NodeRpc | undefined): ServiceSpec {
  return {
    ...spec,
    start: async () => {
      const running = await spec.start();
      const node = rpc();
      if (node !== undefined) await keepBlocks(blocks).replay(node);
      return running;
    },
  };
}

/** A node that came back while a block was mined may lack it. */
async function sameHeight(nodes: readonly NodeRpc[], blocks: string): Promise<void> {
  const wanted = keepBlocks(blocks).length;
  for (const node of nodes) {
    await untilReady({ what: 'a Bitcoin node', log: '', timeoutMs: READY_MS }, async () => {
      const answer = await node.call('getblockcount', []);
      if (answer.ok && Number(answer.result) >= wanted) return true;
      await keepBlocks(blocks).replay(node);
      return undefined;
    });
  }
}

async function highest(nodes: readonly NodeRpc[]): Promise<NodeRpc> {
  let best: { readonly node: NodeRpc; readonly height: number } | undefined;
  for (const node of nodes) {
    const answer = await node.call('getblockcount', []).catch(() => undefined);
    const height = answer?.ok === true ? Number(answer.result) : -1;
    if (height > (best?.height ?? -1)) best = { node, height };
  }
  if (best === undefined) throw new Error('no Bitcoin node answers');
  return best.node;
}

async function everybodyReady({ layout, ports, supervisor, signal }: Network): Promise<void> {
  const ready = async (name: string, log: string, look: () => Promise<true>): Promise<void> => {
    const service = supervisor.service(name);
    const isLost = (): boolean => service !== undefined && endsForGood(service, log);
    await untilReady({ what: name, log, timeoutMs: READY_MS, signal, isLost }, look);
  };
  await Promise.all([
    ...VALIDATORS.map((id) =>
      ready(validatorName(id), layout.validator(id).log, async () => {
        const { status, reasons } = await getJson(`http://${LOOPBACK}:${ports.health(id)}/health`);
        if (status === 'ready') return true;
        throw new Error(`it is ${String(status)}: ${String(reasons)}`);
      }),
    ),
    ready('worker-1', layout.coordinator(1).log, async () => {
      const response = await fetch(`http://${LOOPBACK}:${ports.workerMetrics(1)}/health`, {
        signal: AbortSignal.timeout(2_000),
      });
      if (response.ok) return true;
      throw new Error((await response.text()).slice(0, 300));
    }),
  ]);
}

async function writeFiles(layout: Layout, ports: PortPlan): Promise<NetworkGenesis> {
  mkdirSync(layout.root, { recursive: true, mode: 0o700 });
  const coordinators = [newIdentity(layout.coordinator(1).identity), newIdentity(layout.operator.identity)];
  const committee = newCommittee(layout);
  for (const file of [layout.owner.ownerKey, layout.owner.releaseKey, layout.owner.payoutKey]) newSchnorrKey(file);
  const validators = [];
  for (const id of VALIDATORS) {
    const identity = await newValidator(layout, ports, id);
    validators.push({ id, identity, addresses: [`/ip4/${LOOPBACK}/tcp/${ports.p2p(id)}`] });
  }
  const genesis: NetworkGenesis = {
    version: 1,
    name: NETWORK_NAME,
    environment: NETWORK_ENVIRONMENT,
    bitcoinNetwork: 'regtest',
    threshold: THRESHOLD,
    validators,
    coordinators,
    committee,
  };
  const text = `${JSON.stringify(genesis, undefined, 2)}\n`;
  writeFileSync(layout.network, text, { mode: 0o644 });
  writeFileSync(
    layout.coordinator(1).config,
    writeCoordinatorConfig({
      genesisFile: layout.network,
      identityFile: layout.coordinator(1).identity,
      temporal: { address: `${LOOPBACK}:${ports.temporal}` },
      bitcoin: {
        rpcUrls: [`http://${LOOPBACK}:${ports.bitcoinRpc(1)}/`],
        rpcUser: RPC_USER,
        rpcPasswordFile: join(layout.bitcoin(1).dir, 'rpc-password'),
        startHeight: 0,
        pollIntervalMs: POLL_MS,
      },
      blobsFolder: layout.blobs,
      termsFolder: layout.terms,
      grantsFolder: layout.grants,
      metricsPort: ports.workerMetrics(1),
    }),
    { mode: 0o600 },
  );
  return parseNetworkGenesis(text, layout.network);
}

async function newValidator(layout: Layout, ports: PortPlan, id: ValidatorId): Promise<string> {
  const { dir } = layout.validator(id);
  const node = (id % NODES.length) + 1;
  const { identity, configFile } = await initValidator(
    {
      folder: dir,
      id,
      environment: NETWORK_ENVIRONMENT,
      network: 'regtest',
      rpcUrls: [`http://${LOOPBACK}:${ports.bitcoinRpc(node)}/`],
      rpcUser: RPC_USER,
      rpcPasswordFile: join('..', `bitcoin-${node}`, 'rpc-password'),
      confirmationsRequired: CONFIRMATIONS,
      totalValidators: VALIDATORS.length,
      threshold: THRESHOLD,
      outflowCapSats: OUTFLOW_CAP_SATS,
      keyStorage: { type: 'file', passphraseFile: 'keystore.secret' },
      p2pListen: `${LOOPBACK}:${ports.p2p(id)}`,
      genesisFile: join('..', 'network.json'),
      metricsPort: ports.health(id),
      apiPort: ports.api(id),
    },
    async (file) => {
      const { plugin } = await import('../../plugins/keystore/sealed-file/index.ts');
      const settings = { passphrase_file: 'keystore.secret', scrypt_work_factor: SCRYPT_WORK_FACTOR };
      const keystore = plugin.create(plugin.parse(settings, { file, lineOf: () => undefined }))({
        dir,
        bitcoinNetwork: 'regtest',
        recordUse: () => undefined,
      });
      await keystore.start?.(AbortSignal.timeout(READY_MS));
      return keystore;
    },
  );
  const text = readFileSync(configFile, 'utf8');
  writeFileSync(configFile, text.replace('[bitcoin]\n', `[bitcoin]\npoll_interval_ms = ${POLL_MS}\n`), { mode: 0o600 });
  return identity;
}

function newIdentity(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return createIdentityFile(file);
}

function newSchnorrKey(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${toHex(schnorr.utils.randomSecretKey(randomBytes(48)))}\n`, { flag: 'wx', mode: 0o600 });
}
