import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import { loopbackPort } from '../../../plugins/testkit/loopback-ports.ts';
import { identityHex } from '../../../wire/stream/host-identity.ts';
import type { AgentLogger } from '../dependencies.ts';
import { CustodyHost, type CustodyHostOptions } from '../p2p/host.ts';

/** For tests of the transport: a roster on loopback with real keys and real ports, and agents that the test writes. */
export type LoopbackNetwork = {
  readonly genesis: NetworkGenesis;
  readonly identities: ReadonlyMap<ValidatorId, KeyObject>;
  readonly coordinator: KeyObject;
};

export const newIdentity = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

const SILENT = (): void => undefined;
export const silentLogger: AgentLogger = { debug: SILENT, info: SILENT, warn: SILENT, error: SILENT };

export async function loopbackNetwork(size: number, threshold: number): Promise<LoopbackNetwork> {
  const ports = await Promise.all(Array.from({ length: size }, loopbackPort));
  const identities = new Map(ports.map((_, index) => [validatorId(index + 1), newIdentity()]));
  const coordinator = newIdentity();
  const validators = [...identities].map(([id, key]) => ({
    id,
    identity: identityHex(key),
    addresses: [`/ip4/127.0.0.1/tcp/${ports[id - 1]}`],
  }));
  const genesis: NetworkGenesis = {
    version: 1,
    name: 'loopback',
    environment: 'development',
    bitcoinNetwork: 'regtest',
    threshold,
    validators,
    coordinators: [identityHex(coordinator)],
    committee: { epoch: 1, members: [], quorum: { freeze: 1, lift: 1 } },
  };
  return { genesis, identities, coordinator };
}

/** An agent without judgement: echoes requests, accepts announcements. */
export function agreeable(): CustodyHostOptions['agent'] {
  return {
    handle: async (request) => request,
    hear: async () => 'accept',
    hearStatus: () => undefined,
    hearLocks: () => true,
    isDoubted: () => false,
    announce: () => new Uint8Array([1]),
    onNews: () => undefined,
    onBehind: () => undefined,
  };
}

/** Has a new word each time that it announces. */
export function talkative(): CustodyHostOptions['agent'] {
  let told = 0;
  return { ...agreeable(), announce: () => Uint8Array.of(1, (told += 1)) };
}

/** Counts what it hears. */
export function attentive(): { readonly agent: CustodyHostOptions['agent']; heard(): number } {
  let heard = 0;
  const hear = async () => {
    heard += 1;
    return 'accept' as const;
  };
  return { agent: { ...agreeable(), hear }, heard: () => heard };
}

/** Quiet by default: no announcement or slow reconnect of its own disturbs a test. */
export function loopbackHost(
  network: LoopbackNetwork,
  self: ValidatorId,
  options: Partial<CustodyHostOptions> = {},
): CustodyHost {
  const identity = network.identities.get(self);
  const entry = network.genesis.validators.find(({ id }) => id === self);
  if (identity === undefined || entry === undefined) throw new Error(`the loopback network has no validator ${self}`);
  return new CustodyHost({
    genesis: network.genesis,
    self,
    identity,
    listen: entry.addresses[0] ?? '',
    agent: agreeable(),
    logger: silentLogger,
    announceMs: 3_600_000,
    latencyMs: 3_600_000,
    backoff: { firstMs: 20, lastMs: 200, dialMs: 5_000 },
    ...options,
  });
}

/** Resolves when `holds` does, looking again every few milliseconds. Its bound ends what hangs, before the test's own does and says less. */
export async function until(holds: () => boolean, signal = AbortSignal.timeout(150_000)): Promise<void> {
  while (!holds()) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
