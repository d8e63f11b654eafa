import { type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { getDocument } from '../../activities/documents.ts';
import { Checks } from '../../cli/ceremony/checks.ts';
import { evidenceFrom } from '../../cli/ceremony/document.ts';
import { verifyEvidence } from '../../cli/ceremony/verify.ts';
import { verdictOf } from '../../cli/blame/verify.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import {
  type CommitmentDeed,
  COMMITMENT_DEEDS,
  type Deed,
  DEEDS,
  HostileSigners,
  PROVABLE,
  type Strategy,
} from '../../validator/custody/testkit/hostile-signer.ts';
import { parseBlameProof } from '../../wire/documents/index.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { realAgents } from './rig/agents.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type OpenVault, openVault } from './rig/steps.ts';
import { AMOUNT_SATS, signedRelease, testWorld, type TestWorld } from './rig/world.ts';

const SEED = Number(process.env['FIREBREAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const [PARTICIPANTS, THRESHOLD, HOSTILE] = [15, 10, 5];
/** ROAST: one for each of those who may be missing, and one that they cannot spoil. */
const SESSIONS_MAX = PARTICIPANTS - THRESHOLD + 1;

let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;
let vault: OpenVault;
let identities: ReadonlyMap<ValidatorId, KeyObject>;
const honest = new Map<ValidatorId, (bytes: Uint8Array) => Promise<Uint8Array>>();
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({
    threshold: THRESHOLD,
    participants: PARTICIPANTS,
    agents: (genesis, keys, dev) => {
      identities = keys;
      return realAgents(genesis, keys, dev);
    },
  });
  for (const [id, handler] of world.handlers) honest.set(id, handler);
  worker = await startWorker(env, world);
  vault = await openVault(env, world, worker.taskQueue, {}, 1);
}, 240_000);
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});

const context = () => ({
  signal: AbortSignal.timeout(20_000),
  deadlineMs: Date.now() + 20_000,
  idempotencyKey: 'test',
  number: 1,
  report: () => undefined,
});

/** A payout of so many deposits while five validators do what the strategy says. */
async function payoutAgainst(strategy: Strategy, seed: number, inputs = 1) {
  const cast = new HostileSigners(world.deps.genesis, identities, HOSTILE, strategy, seed);
  for (const [id, handler] of honest) world.handlers.set(id, cast.handlerOf(id, handler));
  const coins = [];
  for (let at = 0; at < inputs; at += 1) coins.push(await world.dev.fund(vault.script, AMOUNT_SATS));
  await world.dev.mine(2);
  const input = {
    network: world.deps.genesis.name,
    signedReleaseRequest: signedRelease(world, vault.vault, coins, AMOUNT_SATS * inputs),
    key: vault.key,
    watchFromHeight: 1,
    confirmations: 1,
  };
  const startedMs = Date.now();
  const paying = await env.client.workflow.start(PAY_OUT, startPayOut(input, worker.taskQueue));
  const ended = paying.result().then((result) => {
    if (world.dev.mempool.size === 0) throw new Error(`seed ${seed}: ${JSON.stringify(result)}`);
  });
  await Promise.race([ended, eventually('it is broadcast', async () => world.dev.mempool.size === 1)]);
  const tookMs = Date.now() - startedMs;
  await world.dev.mine(1);
  const paid = (await paying.result()) as PayOutResult;
  for (const [id, handler] of honest) world.handlers.set(id, handler);
  if (paid.outcome !== 'settled') throw new Error(`seed ${seed}: ${JSON.stringify(paid)}`);
  const blame = paid.blame ?? [];
  const evidence = evidenceFrom(await getDocument(world.deps, paid.evidence, context()), 'signing', 'evidence');
  const checks = new Checks();
  verifyEvidence(world.deps.genesis, evidence, checks);
  return { cast, paying, paid, blame, tookMs, checks };
}

/** Whom a proof convicts, for whoever has the network file alone. */
async function convictedBy(proof: BlobRef): Promise<ValidatorId | string> {
  const bytes = await world.deps.blobs.get(proof, context());
  const found = verdictOf(world.deps.genesis, parseBlameProof(bytes, 'a proof'));
  return 'culprit' in found ? found.culprit : found.message;
}

const honestly: readonly CommitmentDeed[] = ['honest'];
/** Each of the five spoils one session, alone, and is a model of honesty until then. */
const oneEach = (deeds: readonly Deed[], commitmentDeeds = honestly): Strategy => ({
  spoilers: (inIt, spent) => inIt.filter((id) => !spent.has(id)).slice(0, 1),
  deeds,
  commitmentDeeds,
});
const anyone: Strategy = {
  spoilers: (inIt, _spent, draw) => inIt.filter(() => draw() < 0.5),
  deeds: DEEDS,
  // Whoever does not commit spoils nothing afterwards.
  commitmentDeeds: [...COMMITMENT_DEEDS, ...Array.from({ length: 12 }, () => 'honest' as const)],
};

test('whoever spoils a session with a wrong signature is convicted and costs no second one', async () => {
  const { cast, paid, blame, paying } = await payoutAgainst(oneEach(['wrong']), SEED);
  const spoilers = cast.done.map(({ validator }) => validator);
  expect([SEED, paid.sessions]).toEqual([SEED, spoilers.length + 1]);
  expect(new Set(spoilers).size).toBe(spoilers.length);
  expect(paid.sessions).toBeGreaterThan(1);
  expect(paid.sessions).toBeLessThanOrEqual(SESSIONS_MAX);
  expect(blame.map(({ validator }) => validator)).toEqual(spoilers);
  for (const { validator, proof } of blame) expect(await convictedBy(proof)).toBe(validator);
  expect(paid.signers.filter((id) => spoilers.includes(id))).toEqual([]);
  await keepHistory(paying, 'pay-out-side-by-side');
});

test('whoever commits and leaves costs one session, and is accused of nothing', async () => {
  const { cast, paid, blame, tookMs } = await payoutAgainst(oneEach(['silent']), SEED);
  expect([SEED, paid.sessions]).toEqual([SEED, cast.done.length + 1]);
  expect(cast.done.length).toBeGreaterThan(0);
  expect(blame).toEqual([]);
  process.stdout.write(`hostile signers: ${cast.done.length} that leave cost ${tookMs} ms, seed ${SEED}\n`);
});

test('whoever signs rightly and pads its statement to the brim costs sessions, is in no evidence, and is accused of nothing', async () => {
  const { cast, paid, blame } = await payoutAgainst(oneEach(['padded']), SEED);
  const padded = cast.done.map(({ validator }) => validator);
  expect(padded.length).toBeGreaterThan(0);
  expect([SEED, paid.sessions]).toEqual([SEED, padded.length + 1]);
  expect(paid.signers.filter((id) => padded.includes(id))).toEqual([]);
  expect(paid.evidence.sizeBytes).toBeLessThan(1_000_000);
  expect(blame).toEqual([]);
});

test('an honest validator that is slow is waited for beside other sessions, and is neither replaced for good nor accused', async () => {
  const { cast, paid, blame } = await payoutAgainst(oneEach(['slow']), SEED);
  expect([SEED, paid.sessions <= SESSIONS_MAX]).toEqual([SEED, true]);
  expect(cast.done.length).toBeGreaterThan(0);
  expect(blame).toEqual([]);
});

test('a wrong signature of one of seven inputs costs one session for all seven, and convicts', async () => {
  const once: Strategy = {
    ...oneEach(['wrong']),
    spoilers: (inIt, spent) => (spent.size === 0 ? inIt.slice(0, 1) : []),
  };
  const { cast, paid, blame } = await payoutAgainst(once, SEED, 7);
  expect([SEED, paid.sessions]).toEqual([SEED, 2]);
  expect(blame.map(({ validator }) => validator)).toEqual(cast.done.map(({ validator }) => validator));
  for (const { validator, proof } of blame) expect(await convictedBy(proof)).toBe(validator);
});

test('whichever five they are, and whatever they agree on, there is a signature within six sessions and no honest one is accused', async () => {
  const found: string[] = [];
  for (const [at, strategy] of [anyone, oneEach(DEEDS, anyone.commitmentDeeds), anyone].entries()) {
    const seed = SEED + at;
    const { cast, paid, blame, tookMs } = await payoutAgainst(strategy, seed);
    expect([seed, paid.sessions <= SESSIONS_MAX]).toEqual([seed, true]);
    const provable = new Set(cast.done.flatMap(({ validator, deed }) => (PROVABLE.has(deed) ? [validator] : [])));
    for (const { validator, proof } of blame) {
      expect([seed, validator, provable.has(validator)]).toEqual([seed, validator, true]);
      expect(await convictedBy(proof)).toBe(validator);
    }
    found.push(`${paid.sessions} sessions and ${blame.length} proofs in ${tookMs} ms`);
  }
  process.stdout.write(`hostile signers: ${found.join(', ')}, seed ${SEED}\n`);
}, 240_000);
