import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { CoveredStep } from '../../../domain/approval/covered.ts';
import type { Proof } from '../../../domain/approval/execution.ts';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import type { BlobRef } from '../../../domain/ports/blob-store.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import { hostKey } from '../../../validator/custody/testkit/network.ts';
import { ORIGIN, rotation, type Voted, votesFor } from '../../../validator/custody/testkit/votes.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import {
  GENERATE_KEY,
  type GenerateKeyInput,
  type GenerateKeyResult,
  type KeyRef,
  startGenerateKey,
} from '../../../workflows/generate-key/messages.ts';
import type { SweepVaultsInput } from '../../../workflows/sweep-vaults/messages.ts';
import { realAgents } from './agents.ts';
import { type AgentsOf, testWorld, type TestWorld } from './world.ts';

/** Everybody but validator 5, the suspect. */
export const PARTICIPANTS: readonly ValidatorId[] = [1, 2, 3, 4].map(validatorId);

const members = [hostKey(), hostKey(), hostKey()];
const committee = {
  epoch: 1,
  members: members.map(({ identity }, at) => ({ name: `member ${at + 1}`, key: identity })),
  quorum: { freeze: 2, lift: 3 },
};

/** Five validators as operators run them, of which three sign, and a committee whose keys the test has. */
export const rotatingWorld = (agents: AgentsOf = realAgents, clock: () => number = Date.now): Promise<TestWorld> =>
  testWorld({ threshold: 3, participants: 5, agents, pinned: { committee }, clock });

export const committeeKeys = members;

/** Signed by all three members. */
export const votes = (world: TestWorld, covers: readonly CoveredStep[], voted: Partial<Voted> = {}): Proof =>
  votesFor({ genesis: world.deps.genesis, committee: members }, covers, { nowMs: Date.now(), ...voted });

export const putJson = (world: TestWorld, value: unknown): Promise<BlobRef> =>
  world.deps.blobs.put(encodeDocument(value), NOW);
const NOW: EffectContext = {
  idempotencyKey: 'test',
  signal: new AbortController().signal,
  deadlineMs: Number.MAX_SAFE_INTEGER,
};

type Place = { readonly env: TestWorkflowEnvironment; readonly world: TestWorld; readonly taskQueue: string };

export async function makeKey(
  { env, world, taskQueue }: Place,
  epoch: number,
  change: Partial<GenerateKeyInput> = {},
): Promise<KeyRef> {
  const input = { network: world.deps.genesis.name, epoch, purpose: 'test', ...change };
  const made = (await env.client.workflow.execute(
    GENERATE_KEY,
    startGenerateKey(input, taskQueue),
  )) as GenerateKeyResult;
  if (made.outcome !== 'active') throw new Error(made.refusal.message);
  return made.key;
}

/** The next key, made by all but the suspect on votes that cover the sweep as well, and what the sweep is started with. */
export async function rotate(
  place: Place,
  fromEpoch: number,
  covers: readonly CoveredStep[] = rotation(PARTICIPANTS, fromEpoch),
  voted: Partial<Voted> = {},
): Promise<{ readonly key: KeyRef; readonly sweep: SweepVaultsInput }> {
  const { world } = place;
  const proof = await putJson(world, votes(world, covers, voted));
  const key = await makeKey(place, fromEpoch + 1, {
    participants: PARTICIPANTS,
    smallest: PARTICIPANTS.length,
    origin: ORIGIN,
    proof,
  });
  return {
    key,
    sweep: {
      network: world.deps.genesis.name,
      fromEpoch,
      toEpoch: key.epoch,
      certificate: key.certificate.digest,
      step: 'sweep',
      proof,
      epochs: await putJson(world, []),
      confirmations: 2,
      sessionSeconds: 3,
    },
  };
}
