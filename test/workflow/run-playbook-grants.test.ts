import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ChannelMessage } from '../../activities/playbook/binding.ts';
import type { PerformInput } from '../../activities/playbook/performing.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { type CommitteeEpoch, epochDigest } from '../../domain/committee/epoch.ts';
import { grantDigest, type SignedGrant, type StandingOrder } from '../../domain/committee/grant.ts';
import { orderDigest } from '../../domain/committee/order.ts';
import { FREEZE_RENEWALS_MAX } from '../../domain/committee/renewals.ts';
import type { GrantUse } from '../../domain/committee/grant-use.ts';
import { committeeOf, principal, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import { canonicalBytes, type Digest } from '../../domain/encoding/digest.ts';
import { validatorId } from '../../domain/network/network.ts';
import { requestBytes } from '../../activities/asking.ts';
import { parseSignedGrantUse, parseSignedOrder } from '../../wire/documents/index.ts';
import { fromBinary } from '@bufbuild/protobuf';
import { OrderStateSchema, ResponseSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { progressQuery } from '../../workflows/lib/messages.ts';
import { handOrder } from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import { standingOrderOf } from './rig/grants.ts';
import { openIncident, remembered, seenIncident } from './rig/incidents.ts';
import {
  activitiesOn,
  CATALOGUE,
  COMMITTEE,
  emptyStage,
  handToAll,
  orderOf,
  planOf,
  seen,
  startRun,
} from './rig/playbooks.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;
/** What an operator has installed. */
let installed: SignedGrant[] = [];
const stage = emptyStage();
const told: string[] = [];
/** The orders that the run had when something was last done for it. */
let kept: PerformInput['orders'] = [];
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: COMMITTEE }, agents: realAgents });
  const channels = {
    pager: { send: async ({ text }: ChannelMessage) => void told.push(text) },
    dead: { send: async () => Promise.reject(new Error('nobody there')) },
  };
  Object.assign(world.deps, { grants: { list: async () => installed }, channels });
  const activities = activitiesOn(world, stage);
  const performAction = (input: PerformInput) => {
    kept = input.orders;
    return activities.performAction(input);
  };
  worker = await startWorker(env, { activities: { ...activities, performAction } });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});
afterEach(() => {
  installed = [];
  told.length = 0;
});

const taking = (effect: 'none' | 'reversible', types: Readonly<Record<string, 'int' | 'text'>>) => ({
  summary: 'of a test',
  effect,
  idempotent: true,
  arguments: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type, optional: false }])),
  results: {},
});
const catalogue = {
  ...CATALOGUE,
  actions: {
    ...CATALOGUE.actions,
    'custody.askForLift': taking('none', { number: 'int', reason: 'text' }),
    'custody.refreeze': taking('reversible', { reason: 'text' }),
  },
};
const FREEZE = (lasts = '2h') => `- id: freeze
  summary: Stop payouts
  action: custody.freeze
  with: { lasts: ${lasts}, reason: of a test }
  timeout: 1m
  effect: reversible
  compensate: { action: custody.askForLift, with: { number: "\${result.number}", reason: of a test } }`;
const FROZEN = `- id: frozen
  summary: Everybody holds it
  probe: custody.frozen
  with: { number: "\${steps.freeze.number}" }
  expect: result.live == 5 && result.frozen == 5`;
const SAY = '- { id: say, summary: Say it, notify: { channels: [pager], message: "frozen by ${steps.freeze.by}" } }';
const FAIL =
  '- { id: bad, summary: Fail, action: test.note, with: { what: bad }, timeout: 1m, effect: none, retry: { attempts: 1 } }';
const LIFT = `- id: lift
  summary: Payouts again
  action: custody.lift
  with: { number: "\${steps.freeze.number}", reason: of a test }
  timeout: 1m
  effect: reversible
  compensate: { action: custody.refreeze, with: { reason: the lift was taken back } }`;
const plan = (...steps: string[]) => planOf(steps.join('\n'), '', catalogue);

const standingOrder = (
  playbook: Digest,
  limits: Partial<StandingOrder['limits']> = {},
  committee = world.deps.genesis.committee,
): SignedGrant => standingOrderOf(world, playbook, { limits, committee });

async function stateOf(id: number) {
  const handle = world.handlers.get(validatorId(id));
  const bytes = await handle?.(requestBytes(world.deps, { case: 'sayOrderState', value: {} }));
  const { body } = fromBinary(ResponseSchema, bytes ?? new Uint8Array());
  if (body.case !== 'envelope') throw new Error('a validator says where it stands');
  return fromBinary(OrderStateSchema, body.value.payload);
}
const useAt = async (id: number): Promise<GrantUse | undefined> => {
  const { signedGrantUse } = await stateOf(id);
  return signedGrantUse.length === 0 ? undefined : parseSignedGrantUse(signedGrantUse, 'use').use;
};
const nextNumber = async (): Promise<number> => Number((await stateOf(1)).number) + 1;
const everyoneObeys = async (kind: 'freeze' | 'lift'): Promise<void> =>
  handToAll(world, orderOf(world, kind, await nextNumber()));
const lift = () => everyoneObeys('lift');
const run = (loaded: ReturnType<typeof planOf>) => startRun(env.client, world, worker.taskQueue, loaded);

test('a playbook freezes all validators by the standing order that was installed, while everybody sleeps', async () => {
  const loaded = plan(FREEZE(), FROZEN, SAY);
  installed = [standingOrder(loaded.digest)];
  const handle = await run(loaded);
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.told.splice(0)).toEqual([{ channel: 'pager', text: 'frozen by standing order 1' }]);
  const use = await useAt(1);
  // Two hours were asked for, one is allowed.
  expect(use).toMatchObject({ playbook: loaded.digest, step: 'freeze', freezeSeconds: 3_600 });
  for (const id of [2, 3, 4, 5]) expect(await useAt(id)).toEqual(use);
  await keepHistory(handle, 'run-playbook-standing-order');
});

test('the incident around the run shows a freeze by standing order, and says before it lapses', async () => {
  await lift();
  const loaded = plan(
    FREEZE('12s'),
    '- { id: look, summary: Look, timeout: 1h, task: { role: operations, instruction: "Well?", form: {} } }',
  );
  installed = [standingOrder(loaded.digest)];
  const handle = await openIncident(env.client, world, worker.taskQueue, loaded);
  const { standing } = await seenIncident(
    handle,
    'the freeze is shown',
    (view) => view.standing.frozenUntilMs !== null,
  );
  const use = await useAt(1);
  expect(standing.frozenUntilMs).toBe(((use?.startedAtSeconds ?? 0) + (use?.freezeSeconds ?? 0)) * 1_000);
  await seenIncident(handle, 'its end is said', ({ timeline }) =>
    timeline.some(({ text }) => text.startsWith('the freeze lapses at')),
  );
  await env.client.workflow.getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook')).terminate();
  await handle.terminate();
});

test('a freeze of three that is one renewal too many is asked for again, and taken when seven have signed the same', async () => {
  await lift();
  for (let freezes = 0; freezes <= FREEZE_RENEWALS_MAX; freezes += 1) await everyoneObeys('freeze');
  const number = await nextNumber();
  const handle = await run(plan(FREEZE('1h')));
  await seen(handle, 'an order is asked for', ({ orders }) => orders.length === 1);
  const { order, signatures } = orderOf(world, 'freeze', number, 1_800);
  const ofNobody = Array.from({ length: 60 }, () => ({ member: 'nobody', signature: '' }));
  await handle.executeUpdate(handOrder, { args: [{ order, signatures: [...signatures, ...ofNobody] }] });
  const seven = Array.from({ length: 7 }, (_, seat) => principal(seat));
  await handle.executeUpdate(handOrder, { args: [{ order, signatures: signaturesBy(seven, orderDigest(order)) }] });
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  // What the run keeps goes into its records too, where a document that cannot be read would spoil them.
  expect(kept.map((each) => each.signatures.length)).toEqual([3, 7]);
  const { signedOrder } = await stateOf(1);
  expect(parseSignedOrder(signedOrder, 'order').signatures).toHaveLength(7);
});

test('where a freeze of three is one renewal too many, a standing order freezes in its place', async () => {
  await lift();
  for (let freezes = 0; freezes <= FREEZE_RENEWALS_MAX; freezes += 1) await everyoneObeys('freeze');
  const loaded = plan(FREEZE('2h'), SAY);
  installed = [standingOrder(loaded.digest, { freezeSecondsMax: 7_200 })];
  const orders = [orderOf(world, 'freeze', await nextNumber(), 1_800)];
  const handle = await startRun(env.client, world, worker.taskQueue, loaded, { orders });
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect(stage.told.splice(0)).toEqual([{ channel: 'pager', text: 'frozen by standing order 1' }]);
});

test('an alert alone freezes nothing: without a standing order for exactly this plan a signed order is asked for', async () => {
  await lift();
  const loaded = plan(FREEZE('1h'));
  const breakGlass = { ...standingOrder(loaded.digest).grant, kind: 'break-glass' as const };
  installed = [
    standingOrder(plan(FREEZE('90m')).digest),
    standingOrder(loaded.digest, { validUntilSeconds: Math.floor(Date.now() / 1_000) - 1 }),
    { ...standingOrder(loaded.digest), signatures: [] },
    { grant: breakGlass as unknown as SignedGrant['grant'], signatures: [] },
  ];
  const handle = await run(loaded);
  const waiting = await seen(handle, 'an order is asked for', ({ orders }) => orders.length === 1);
  expect(waiting.orders[0]).toMatchObject({ step: 'freeze', kind: 'freeze' });
  for (const id of [1, 2, 3, 4, 5]) expect((await stateOf(id)).frozenUntilSeconds).toBe(0n);
  const number = Number((await stateOf(1)).number) + 1;
  await handle.executeUpdate(handOrder, { args: [orderOf(world, 'freeze', number, 1_800)] });
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
});

test('a try that is repeated is the same use: validators that answered late have one use, with one beginning', async () => {
  await lift();
  const loaded = plan(FREEZE('30m').replace('effect:', 'retry: { attempts: 5, delay: 1s }\n  effect:'), FROZEN);
  installed = [standingOrder(loaded.digest)];
  // Three of five do not answer at first, so that the first try is no freeze yet; two hold its use already.
  const held = [3, 4, 5].map((id) => [validatorId(id), world.handlers.get(validatorId(id))] as const);
  let silent = true;
  for (const [id, handler] of held)
    world.handlers.set(id, async (bytes) =>
      silent ? new Uint8Array() : ((await handler?.(bytes)) ?? new Uint8Array()),
    );
  const handle = await run(loaded);
  while ((await useAt(1)) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  const first = await useAt(1);
  silent = false;
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  for (const id of [1, 2, 3, 4, 5]) expect(await useAt(id)).toEqual(first);
  for (const [id, handler] of held) if (handler !== undefined) world.handlers.set(id, handler);
});

test('a lift that nobody waits for is asked for by the incident too, with no worker needed to read it', async () => {
  await lift();
  const loaded = plan(
    FREEZE('1h'),
    '- { id: over, summary: Not needed, action: custody.askForLift, with: { number: "${steps.freeze.number}", reason: of a test }, timeout: 5m, effect: none }',
    '- { id: look, summary: Look, timeout: 5m, task: { role: operations, instruction: "Well?", form: {} } }',
  );
  installed = [standingOrder(loaded.digest)];
  const handle = await openIncident(env.client, world, worker.taskQueue, loaded);
  await eventually('operations are asked', async () =>
    (await remembered(handle)).next.some(({ role }) => role === 'operations'),
  );
  const { number } = await stateOf(1);
  expect((await remembered(handle)).next).toContainEqual(
    expect.objectContaining({
      role: 'committee',
      what: expect.stringContaining(`sign a lift with a number above ${number} and send it to a validator`),
    }),
  );
  await env.client.workflow.getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook')).terminate();
  await handle.terminate();
});

test('undoing the freeze asks the committee for a lift, tells people, and waits for nothing', async () => {
  await lift();
  stage.failing.set('bad', { times: 1, code: 'policy.vault-unknown' });
  const loaded = plan(FREEZE('40m'), FAIL);
  installed = [standingOrder(loaded.digest)];
  const handle = await run(loaded);
  expect(await handle.result()).toMatchObject({ outcome: 'failed', undone: ['freeze'], left: [] });
  const { number } = await stateOf(1);
  expect(told).toEqual([expect.stringContaining(`sign a lift with a number above ${number}`)]);
  expect(told[0]).toContain('are frozen by a grant and nothing lifts them');
  expect(await handle.query(progressQuery)).toMatchObject({
    meanwhile: expect.stringContaining(`the committee is asked for a lift above ${number}`),
  });
  // Nothing was lifted: a run cannot do that by itself.
  expect((await stateOf(1)).frozenUntilSeconds).toBeGreaterThan(0n);
});

test('a lift that is taken back freezes again under what is left of the standing order, and no further than it has uses', async () => {
  await lift();
  stage.failing.set('bad', { times: 2, code: 'policy.vault-unknown' });
  const loaded = plan(FREEZE('50m'), LIFT, FAIL);
  installed = [standingOrder(loaded.digest, { usesMax: 2 })];
  const number = Number((await stateOf(1)).number) + 1;
  const orders = [orderOf(world, 'lift', number)];
  const handle = await startRun(env.client, world, worker.taskQueue, loaded, { orders });
  expect(await handle.result()).toMatchObject({ outcome: 'failed', undone: ['lift', 'freeze'] });
  expect(await useAt(1)).toMatchObject({ afterOrder: number, freezeSeconds: 3_600 });
  // The lift of before is no lift of this freeze.
  expect(told).toEqual([expect.stringContaining(`sign a lift with a number above ${number}`)]);
  await lift();
  const spent = await run(loaded);
  await seen(spent, 'an order is asked for', (view) => view.orders.length === 1);
  expect((await stateOf(1)).frozenUntilSeconds).toBe(0n);
  await spent.terminate();
});

test('a run that nobody told of a hand-over finds the new committee at the validators, and freezes by its standing order', async () => {
  await lift();
  const { environment, name: network, committee: first } = world.deps.genesis;
  const second = committeeOf(2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const epoch: CommitteeEpoch = {
    version: 1,
    environment,
    network,
    previous: committeeDigest(first),
    committee: second,
    reason: 'of a test',
  };
  const signers = [1, 2, 3, 4, 5, 6, 7].map(principal);
  const signed = canonicalBytes({ epoch, signatures: signaturesBy(signers, epochDigest(epoch)) });
  for (const handle of world.handlers.values())
    await handle(requestBytes(world.deps, { case: 'handEpochs', value: { signedEpochs: [signed] } }));
  const loaded = plan(FREEZE('55m'), FROZEN);
  // What the committee before allowed is over; one alone would not be enough.
  installed = [standingOrder(loaded.digest), standingOrder(loaded.digest, {}, second)];
  expect(await (await run(loaded)).result()).toMatchObject({ outcome: 'done' });
  expect(await useAt(1)).toMatchObject({ grant: installed.map(({ grant }) => grantDigest(grant))[1] });
});
