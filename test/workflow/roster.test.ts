import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities/activities.ts';
import { askingOrder } from '../../activities/pauses.ts';
import { validatorId } from '../../domain/network/network.ts';
import type { EffectContext } from '../../domain/ports/context.ts';
import type { PauseRequest, RosterPauses } from '../../domain/ports/roster.ts';
import { parseCatalogue } from '../../language/catalogue.ts';
import { engineRoster } from '../../workers/roster.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { rosterId } from '../../workflows/roster/messages.ts';
import type { RunPlaybookResult } from '../../workflows/run-playbook/messages.ts';
import { searchAttributes } from '../../workflows/settings.ts';
import { activitiesOn, COMMITTEE, emptyStage, planOf, startRun } from './rig/playbooks.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { deposit, openVault } from './rig/steps.ts';
import { signedRelease, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
let networks = 0;
beforeAll(async () => {
  env = await startServer();
});
afterAll(async () => {
  await stopServer(env);
});

/** Ended also when a test fails, since the server waits for them. */
const running = new Set<Awaited<ReturnType<typeof startWorker>>>();
const worker = async (...args: Parameters<typeof startWorker> extends [unknown, ...infer Rest] ? Rest : never) => {
  const started = await startWorker(env, ...args);
  running.add(started);
  return { ...started, stop: () => (running.delete(started) ? started.stop() : Promise.resolve()) };
};
afterEach(async () => {
  await Promise.all([...running].map((each) => each.stop()));
  running.clear();
});

const context = (): EffectContext => ({
  idempotencyKey: 'a test',
  signal: AbortSignal.timeout(60_000),
  deadlineMs: Date.now() + 20_000,
});
/** What another worker knows: nothing is kept from one look to the next. */
const rosterOf = (network: string, taskQueue: string): RosterPauses =>
  engineRoster(
    network,
    taskQueue,
    () => env.client,
    () => Date.now() + (looks += 60_000),
  );
let looks = 0;
const freshNetwork = (): string => `roster-test-${process.pid}-${(networks += 1)}`;
const request = (validator: number, key: string, run = 'run-1'): PauseRequest => ({
  validator: validatorId(validator),
  run,
  step: 'pause',
  reason: 'seen `twice` <b>',
  key,
});
const paused = (roster: RosterPauses) => roster.paused(context());

test('pauses outlive every worker, are read with none running, and each effect counts once', async () => {
  const network = freshNetwork();
  const first = await worker({ activities: {} });
  const roster = rosterOf(network, first.taskQueue);
  expect(await paused(roster)).toEqual([]);
  await roster.pause(request(4, 'run-1/pause'), context());
  await roster.pause(request(4, 'run-1/pause'), context());
  await roster.pause(request(7, 'run-2/pause', 'run-2'), context());
  await first.stop();

  expect(await paused(rosterOf(network, first.taskQueue))).toEqual([4, 7]);
  const { memo, typedSearchAttributes } = await env.client.workflow.getHandle(rosterId(network)).describe();
  expect(memo).toEqual({
    paused: [4, 7].map((validator) => ({ validator, reason: 'seen `twice` <b>', sinceMs: expect.any(Number) })),
  });
  expect(typedSearchAttributes.get(searchAttributes.phase)).toBe('some-paused');

  await worker({ activities: {} }, { taskQueue: first.taskQueue, maxCachedWorkflows: 0 });
  await roster.resume({ validator: validatorId(4), run: 'run-1', key: 'run-1/resume' }, context());
  // A try that was under way for long arrives after the resumption.
  await roster.pause(request(4, 'run-1/pause'), context());
  expect(await paused(rosterOf(network, first.taskQueue))).toEqual([7]);
  await env.client.workflow.getHandle(rosterId(network)).cancel();
  await roster.resume({ validator: validatorId(7), run: 'run-3', key: 'run-3/resume' }, context());
  expect(await paused(rosterOf(network, first.taskQueue))).toEqual([]);
});

test('it carries on as new before its history is long, with what it holds and what it has done', async () => {
  const network = freshNetwork();
  const { taskQueue } = await worker({ activities: {} });
  const roster = rosterOf(network, taskQueue);
  const handle = env.client.workflow.getHandle(rosterId(network));
  await roster.pause(request(4, 'the first'), context());
  const { runId } = await handle.describe();
  for (let turn = 0; turn < 320; turn += 10)
    await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        roster.pause(request(5, `k${turn + at}`, `run ${(turn + at) % 60}`), context()),
      ),
    );
  await eventually('a new execution', async () => (await handle.describe()).runId !== runId);
  expect(await paused(roster)).toEqual([4, 5]);
  await roster.resume({ validator: validatorId(4), run: 'run-1', key: 'the last' }, context());
  expect(await paused(roster)).toEqual([5]);
});

test('whoever is paused makes keys and holds terms as the others do, signs no payout, and signs again when the others are too few', async () => {
  const world = await testWorld();
  const network = freshNetwork();
  const ids = [...world.validators.keys()];
  const holder = await worker({ activities: {} });
  const roster = rosterOf(network, holder.taskQueue);
  const { taskQueue, stop } = await worker({ activities: createActivities({ ...world.deps, roster }) });
  const pay = async (): Promise<Extract<PayOutResult, { outcome: 'settled' }>> => {
    const vault = await openVault(env, world, taskQueue);
    expect(vault.holders).toEqual(ids);
    const coin = await deposit(world, vault.script, 2);
    const input = {
      network: world.deps.genesis.name,
      signedReleaseRequest: signedRelease(world, vault.vault, [coin]),
      key: vault.key,
      watchFromHeight: 1,
      confirmations: 2,
      sessionSeconds: 5,
    };
    const paying = await env.client.workflow.start(PAY_OUT, startPayOut(input, taskQueue));
    await eventually('the payout is broadcast', async () => world.dev.mempool.size === 1);
    await world.dev.mine(2);
    const paid = (await paying.result()) as PayOutResult;
    if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
    return paid;
  };
  try {
    const left = ids.slice(0, 2);
    for (const id of left) await roster.pause(request(id, `pause ${id}`), context());
    expect((await pay()).signers).toEqual(ids.slice(2));

    const third = ids[2];
    if (third === undefined) throw new Error('a test world has five validators');
    await roster.pause(request(third, `pause ${third}`), context());
    expect((await pay()).signers).toHaveLength(3);
  } finally {
    await stop();
    await world.stop();
  }
});

test('a playbook pauses through the client of the worker that it runs on, and a run that fails gives back what it took', async () => {
  const world = await testWorld({ pinned: { committee: COMMITTEE } });
  const network = freshNetwork();
  const file = fileURLToPath(new URL('../../playbooks/catalogue.yaml', import.meta.url));
  const shipped = parseCatalogue(readFileSync(file), file);
  const pause = (id: string, validator: number): string =>
    `- { id: ${id}, summary: Pause, action: validator.pause, with: { validator: ${validator}, reason: of a test }, timeout: 1m, effect: reversible, compensate: { action: validator.resume, with: { validator: ${validator} } } }`;
  const fails = '- { id: fails, summary: Fails, probe: validators.live, expect: result.live > 1000 }';
  // Its activities look for the list where the first worker on this queue keeps it.
  const holder = await worker({ activities: {} });
  const deps = { ...world.deps, roster: engineRoster(network, holder.taskQueue) };
  const { taskQueue, stop } = await worker({ activities: activitiesOn({ ...world, deps }, emptyStage()) });
  const run = async (steps: string): Promise<RunPlaybookResult['outcome']> => {
    const started = await startRun(env.client, world, taskQueue, planOf(steps, '', shipped));
    return ((await started.result()) as RunPlaybookResult).outcome;
  };
  try {
    expect(await run(pause('pause', 4))).toBe('done');
    expect(await paused(rosterOf(network, holder.taskQueue))).toEqual([4]);
    expect(await run(`${pause('again', 4)}\n${pause('other', 2)}\n${fails}`)).toBe('failed');
    expect(await paused(rosterOf(network, holder.taskQueue))).toEqual([4]);
    expect(await run(pause('nobody', 99))).toBe('failed');
  } finally {
    await stop();
    await world.stop();
  }
});

test('a list that nobody can read delays no signature: then nobody is left out', async () => {
  const roster = engineRoster('nowhere', 'nowhere', () => {
    throw new Error('this activity has no client');
  });
  await expect(paused(roster)).rejects.toMatchObject({ code: 'unavailable.roster' });
  const world = await testWorld();
  try {
    const attempt = { ...context(), number: 1, report: () => undefined };
    const ids = [...world.validators.keys()];
    expect(await askingOrder({ ...world.deps, roster }, attempt, ids)).toEqual(ids);
  } finally {
    await world.stop();
  }
});
