import { randomBytes } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { createActivities } from '../../../activities/activities.ts';
import type { ActivityDependencies, ActivityObserver } from '../../../activities/dependencies.ts';
import { silentObserver } from '../../../activities/testkit/observer.ts';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { BlobRef, BlobStore } from '../../../domain/ports/blob-store.ts';
import type { BitcoinChain } from '../../../domain/ports/chain.ts';
import type { TermsSource } from '../../../domain/ports/terms-source.ts';
import {
  type Outpoint,
  type ReleaseRequest,
  releaseRequestDigest,
  type SignedReleaseRequest,
  type SignedTerms,
  type Terms,
  type VaultId,
  vaultIdOf,
} from '../../../domain/vault/terms.ts';
import { memory as memoryChain } from '../../../plugins/chain/memory/index.ts';
import { MemoryWorld } from '../../../plugins/chain/memory/world.ts';
import { memory as memoryNetwork } from '../../../plugins/network/memory/index.ts';
import { silentLogger } from '../../../telemetry/log.ts';
import { createVerifyingSuite } from '../../../threshold/verify/suite.ts';
import { COORDINATOR, type TestNetwork, testNetwork } from './network.ts';
import { TestValidator } from './validator.ts';

const OWNER = sha256Hex(Buffer.from('owner of a test'));
const RELEASE = sha256Hex(Buffer.from('release key of a test'));
/** A P2WPKH script that the chain under test has nothing else to do with. */
export const PAYOUT_SCRIPT = `0014${'42'.repeat(20)}`;
export const AMOUNT_SATS = 1_000_000;
export const FEE_SATS = 500;

export type TestWorld = {
  readonly chain: BitcoinChain;
  readonly dev: MemoryWorld;
  readonly validators: ReadonlyMap<ValidatorId, TestValidator>;
  /** Take validators away and bring them back. */
  readonly handlers: Map<ValidatorId, (bytes: Uint8Array) => Promise<Uint8Array>>;
  readonly deps: ActivityDependencies;
  readonly activities: ReturnType<typeof createActivities>;
  readonly ended: string[];
  /** Partial signatures by who gave them, and whole ones. */
  readonly produced: readonly (readonly [validator: ValidatorId | 'all', count: number])[];
  stop(): Promise<void>;
};

/** Validators of another making, around the same blocks. */
export type AgentsOf = (
  genesis: TestNetwork['genesis'],
  identities: TestNetwork['identities'],
  dev: MemoryWorld,
) => { readonly handlers: ReadonlyMap<ValidatorId, (bytes: Uint8Array) => Promise<Uint8Array>>; stop(): Promise<void> };

/** A network of honest validators around one chain in memory, and the real activities on top. */
export async function testWorld(
  options: {
    readonly threshold?: number;
    readonly participants?: number;
    readonly agents?: AgentsOf;
    readonly pinned?: Partial<Pick<TestNetwork['genesis'], 'committee' | 'environment' | 'name'>>;
    readonly committeeLookMs?: number;
    /** Of the activities. */
    readonly clock?: () => number;
  } = {},
): Promise<TestWorld> {
  const { genesis: drawn, identities } = testNetwork(options.threshold ?? 3, options.participants ?? 5);
  const genesis = { ...drawn, ...options.pinned };
  const dev = new MemoryWorld();
  const chain = memoryChain({ reorg_depth_max: 20 })({ network: 'regtest', world: dev });
  await chain.view.start?.(AbortSignal.timeout(5_000));
  await dev.mine(3);
  const validators = new Map<ValidatorId, TestValidator>();
  const handlers = new Map<ValidatorId, (bytes: Uint8Array) => Promise<Uint8Array>>();
  const agents = options.agents?.(genesis, identities, dev);
  for (const [id, handler] of agents?.handlers ?? []) handlers.set(id, handler);
  for (const [id, identity] of agents === undefined ? identities : []) {
    const validator = new TestValidator(genesis, id, identity, chain);
    validators.set(id, validator);
    handlers.set(id, (bytes) => validator.handle(bytes));
  }
  const ended: string[] = [];
  const produced: [validator: ValidatorId | 'all', count: number][] = [];
  const observer: ActivityObserver = {
    ...silentObserver,
    attemptEnded: (activity, outcome, code) => void ended.push(`${activity} ${outcome} ${code}`),
    partialsReceived: (validator, count) => void produced.push([validator, count]),
    signaturesProduced: (count) => void produced.push(['all', count]),
  };
  const deps: ActivityDependencies = {
    genesis,
    network: memoryNetwork({})({ handlers, peer: COORDINATOR }),
    blobs: memoryBlobs(),
    terms: memoryTerms(),
    chain,
    suite: createVerifyingSuite(),
    policyVersion: 1,
    clock: options.clock ?? Date.now,
    random: (bytes) => randomBytes(bytes),
    logger: silentLogger,
    observer,
    ...(options.committeeLookMs === undefined ? {} : { committeeLookMs: options.committeeLookMs }),
  };
  const world: TestWorld = {
    chain,
    dev,
    validators,
    handlers,
    deps,
    ended,
    produced,
    activities: createActivities(deps),
    stop: async () => {
      await agents?.stop();
      await chain.view.stop?.();
    },
  };
  return world;
}

export function signedTerms(world: TestWorld, change: Partial<Terms> = {}): SignedTerms {
  const { genesis } = world.deps;
  const terms: Terms = {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    bitcoinNetwork: genesis.bitcoinNetwork,
    purpose: 'a loan of a test',
    payoutScript: PAYOUT_SCRIPT,
    deposit: { amountSats: AMOUNT_SATS, deadlineHeight: 1_000 },
    maximumFeeSats: 10_000,
    ownerKey: toHex(schnorr.getPublicKey(fromHex(OWNER, 'key'))),
    releaseKey: toHex(schnorr.getPublicKey(fromHex(RELEASE, 'key'))),
    salt: randomBytes(16).toString('hex'),
    ...change,
  };
  return { terms, signature: signWith(OWNER, vaultIdOf(terms)) };
}

export function signedRelease(
  world: TestWorld,
  vault: VaultId,
  outpoints: readonly Outpoint[],
  amountSats = AMOUNT_SATS,
  validSeconds = 600,
  change: Partial<ReleaseRequest> = {},
): SignedReleaseRequest {
  const request: ReleaseRequest = {
    version: 1,
    environment: world.deps.genesis.environment,
    network: world.deps.genesis.name,
    vault,
    outpoints,
    amountSats,
    feeSats: FEE_SATS,
    expiresAtSeconds: Math.floor(Date.now() / 1_000) + validSeconds,
    ...change,
  };
  return { request, signature: signWith(RELEASE, releaseRequestDigest(request)) };
}

const signWith = (secret: string, digest: string): string =>
  toHex(schnorr.sign(fromHex(digest, 'digest'), fromHex(secret, 'key')));

function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    put: async (bytes) => {
      const digest = sha256Hex(bytes);
      blobs.set(digest, bytes.slice());
      return { digest, sizeBytes: bytes.length };
    },
    get: async (ref: BlobRef) => {
      const bytes = blobs.get(ref.digest);
      if (bytes === undefined) throw new Error(`blob ${ref.digest} is missing`);
      return bytes.slice();
    },
    has: async (ref) => blobs.has(ref.digest),
  };
}

function memoryTerms(): TermsSource {
  const terms = new Map<VaultId, SignedTerms>();
  return {
    add: async (signed) => {
      const vault = vaultIdOf(signed.terms);
      terms.set(vault, signed);
      return vault;
    },
    get: async (vault) => terms.get(vault),
    list: async () => [...terms.keys()],
  };
}
