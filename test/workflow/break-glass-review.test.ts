import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { requestBytes } from '../../activities/asking.ts';
import { bindingsWith } from '../../activities/playbook/bindings.ts';
import type { Channel, ProbeBinding } from '../../activities/playbook/binding.ts';
import { createPlaybookActivities } from '../../activities/playbook/index.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { type BreakGlass, grantDigest } from '../../domain/committee/grant.ts';
import { type GrantUse, grantUseDigest } from '../../domain/committee/grant-use.ts';
import { principal, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { parseCatalogue } from '../../language/catalogue.ts';
import { loadPlaybook } from '../../language/load.ts';
import { OrderStateSchema, ResponseSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { answerTask } from '../../workflows/run-playbook/messages.ts';
import { agentsBy } from './rig/agents.ts';
import { COMMITTEE, orderOf, seen, type Started, startRun } from './rig/playbooks.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

const PLAYBOOKS = join(import.meta.dirname, '..', '..', 'playbooks');
const CHANNELS = ['pagerduty', 'mail', 'slack', 'webhook'];
/** Only members 1 and 2 are awake. */
const HOLDERS = [principal(1), principal(2)];

let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;
/** Milliseconds by which the time of validators and of whoever asks them is ahead. */
let aheadMs = 0;
const clock = (): number => Date.now() + aheadMs;
/** What the playbook has heard of frozen validators, in order. */
const looks: unknown[] = [];
const told: { readonly channel: string; readonly text: string }[] = [];
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: COMMITTEE }, agents: agentsBy(clock) });
  const channelOf = (channel: string): Channel => ({
    route: channel,
    send: async ({ text }) => void told.push({ channel, text }),
  });
  const channels = Object.fromEntries(CHANNELS.map((name) => [name, channelOf(name)]));
  const deps = { ...world.deps, channels, clock };
  const real = bindingsWith(channels);
  const frozen = real.probes['custody.frozen'] as ProbeBinding;
  const look: ProbeBinding['look'] = async (...asked) => {
    const seenNow = await frozen.look(...asked);
    looks.push(seenNow);
    return seenNow;
  };
  const bindings = { ...real, probes: { ...real.probes, 'custody.frozen': { ...frozen, look } } };
  const activities = { ...world.activities, ...createPlaybookActivities(deps, bindings) };
  worker = await startWorker(env, { activities });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});

/** Unix seconds until which each is frozen after it did as it was asked. */
async function everyValidator(body: Parameters<typeof requestBytes>[1]): Promise<readonly number[]> {
  const until: number[] = [];
  for (const handle of world.handlers.values()) {
    const { body: said } = fromBinary(ResponseSchema, await handle(requestBytes(world.deps, body)));
    if (said.case !== 'envelope') throw new Error(`a validator refused: ${said.value?.code}`);
    until.push(Number(fromBinary(OrderStateSchema, said.value.payload).frozenUntilSeconds));
  }
  return until;
}
const EVERYBODY_FROZEN = { live: 5, frozen: 5 };
const NOBODY_FROZEN = { live: 5, frozen: 0 };

/** One member breaks the glass, after the last order. */
async function breakGlass(number: number, afterOrder: number, freezeSeconds: number): Promise<void> {
  const { environment, name: network } = world.deps.genesis;
  const nowSeconds = Math.floor(clock() / 1_000);
  const grant: BreakGlass = {
    version: 1,
    kind: 'break-glass',
    environment,
    network,
    committeeEpoch: COMMITTEE.epoch,
    committee: committeeDigest(COMMITTEE),
    number,
    class: 'freeze',
    scope: 'payouts',
    holders: HOLDERS.map(({ voter }) => voter),
    holdersNeeded: 1,
    reviewSeconds: 86_400,
    limits: {
      usesMax: 1,
      freezeSecondsMax: 3_600,
      validFromSeconds: nowSeconds - 60,
      validUntilSeconds: nowSeconds + 86_400,
    },
    reason: 'of a test',
  };
  const use: GrantUse = {
    version: 1,
    grant: grantDigest(grant),
    run: `break-glass/${network}/${number}`,
    step: 'freeze',
    afterOrder,
    startedAtSeconds: nowSeconds,
    freezeSeconds,
  };
  const signedBy = [1, 2, 3, 4, 5, 6, 7].map(principal);
  const frozen = await everyValidator({
    case: 'useGrant',
    value: {
      signedGrant: canonicalBytes({ grant, signatures: signaturesBy(signedBy, grantDigest(grant)) }),
      signedGrantUse: canonicalBytes({ use, signatures: signaturesBy(HOLDERS.slice(0, 1), grantUseDigest(use)) }),
    },
  });
  expect(frozen).toEqual(Array.from({ length: 5 }, () => nowSeconds + freezeSeconds));
}

/** As the alert starts it, but that it looks every second. */
async function review(verdict: 'needed' | 'mistaken', every = 1_000): Promise<Started> {
  told.length = 0;
  looks.length = 0;
  const catalogueFile = join(PLAYBOOKS, 'catalogue.yaml');
  const catalogue = parseCatalogue(readFileSync(catalogueFile), catalogueFile);
  const file = join(PLAYBOOKS, 'break-glass-review', 'playbook.yaml');
  const loaded = loadPlaybook(readFileSync(file), file, { catalogue });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const handle = await startRun(env.client, world, worker.taskQueue, loaded, {
    inputs: { lookEvery: every, lookLaterEvery: 1_000 },
  });
  await seen(
    handle,
    'the review is asked for',
    ({ tasks, finished }) => tasks.length === 1 && finished.includes('page'),
  );
  expect(told.map(({ channel }) => channel).sort()).toEqual(['mail', 'pagerduty', 'slack']);
  const answers = { who: 'ann', why: 'a strange payout', verdict };
  await handle.executeUpdate(answerTask, { args: [{ step: 'review', by: 'ben', answers }] });
  return handle;
}

/** It has seen everybody frozen once more, after it asked for the review, and is not over. */
async function looksAgain(handle: Started, by = 'over'): Promise<void> {
  await seen(handle, 'it looks again', ({ now }) => now.some(({ step }) => step === by), 90_000);
  const before = looks.length;
  await eventually('it looks again', async () => looks.length > before + 1);
  expect(looks).toEqual(looks.map(() => EVERYBODY_FROZEN));
}

test('a use that nobody needed asks the committee for a lift, and its review is open until payouts go on', async () => {
  await breakGlass(1, 0, 3_000);
  const handle = await review('mistaken');
  const { orders } = await seen(handle, 'a lift is asked for', (view) => view.orders.length === 1);
  expect(orders[0]).toMatchObject({ kind: 'lift', above: 0 });
  expect(told.map(({ text }) => text)).toContainEqual(
    expect.stringContaining('frozen by a grant and nothing lifts them: the use of break-glass was mistaken'),
  );
  await looksAgain(handle);
  await everyValidator({ case: 'obeyOrder', value: { signedOrder: canonicalBytes(orderOf(world, 'lift', 1)) } });
  expect(await handle.result()).toMatchObject({ outcome: 'done', end: 'doubted' });
  expect(looks.at(-1)).toEqual(NOBODY_FROZEN);
});

test('a use that was needed lifts nothing: its review ends when the freeze has ended by itself', async () => {
  await breakGlass(2, 1, 3_000);
  const handle = await review('needed');
  await looksAgain(handle);
  aheadMs += 3_000_000;
  expect(await handle.result()).toMatchObject({ outcome: 'done', end: 'reviewed' });
  expect(looks.at(-1)).toEqual(NOBODY_FROZEN);
  const texts = told.map(({ text }) => text);
  expect(texts.some((text) => text.includes('nothing lifts them'))).toBe(false);
  expect(texts).toContainEqual(expect.stringContaining('Break-glass was used by ann: needed, a strange payout'));
});

test('a freeze that goes on after all looks of the first hours holds the review open', async () => {
  await breakGlass(3, 1, 3_000);
  const handle = await review('needed', 1);
  await looksAgain(handle, 'overLater');
  aheadMs += 3_000_000;
  expect(await handle.result()).toMatchObject({ outcome: 'done', end: 'reviewed' });
  expect(looks.length).toBeGreaterThan(121);
  expect(looks.at(-1)).toEqual(NOBODY_FROZEN);
});
