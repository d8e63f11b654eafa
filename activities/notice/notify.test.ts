import { silentObserver } from '../testkit/observer.ts';
import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { genesis } from '../../domain/approval/testkit/voting.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Notifier } from '../../domain/ports/notifier.ts';
import { memory, type ToldMessage } from '../../plugins/notifier/memory/index.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { channelsOf } from './channels.ts';
import { createNoticeActivities, type Notified, type NotifyInput } from './notify.ts';

const down: Notifier = {
  route: 'down',
  send: async () => {
    throw new FirebreakFailure('input.notifier-refused', 'no such room');
  },
  update: async () => {
    throw new Error('not asked');
  },
  resolve: async () => {
    throw new Error('not asked');
  },
};
const lying = { ...down, route: 'lying', send: async () => undefined } as unknown as Notifier;
const silence = () => undefined;

/** Two rooms that remember, on different routes, and a channel that is broken. */
function world(environment: 'production' | 'drill' = 'production') {
  const told: Record<string, ToldMessage[]> = { pager: [], chat: [] };
  const notifiers: Record<string, Notifier> = { down, lying };
  for (const [route, messages] of Object.entries(told))
    notifiers[route] = Object.assign(memory({})({ told: messages }), { route });
  // Only what the activity touches; a use of anything else would fail here.
  const deps = {
    genesis: { ...genesis, environment },
    clock: Date.now,
    notifiers,
    logger: { debug: silence, info: silence, warn: silence, error: silence },
    observer: silentObserver,
  } as unknown as ActivityDependencies;
  const { notify } = createNoticeActivities(deps);
  const run = async (asked: NotifyInput): Promise<Notified> =>
    (await new MockActivityEnvironment({ attempt: 1 }).run(notify, asked)) as Notified;
  return { told, run, notifiers };
}

const input: NotifyInput = {
  event: 'send',
  subject: 'inc-7',
  severity: 'SEV1',
  words: {
    kind: 'incident',
    phase: 'investigating',
    id: 'inc-7',
    title: 'Shares may have been copied',
    detectedAtMs: 1_000,
    impact: [],
    affected: null,
    fundsAtRisk: 'unknown',
    done: [],
    next: [],
    readersDo: null,
    commander: null,
  },
  channels: ['pager', 'chat'],
  first: {},
  already: {},
  key: 'inc-7/opened',
  seconds: 20,
};

test('a SEV1 that two routes confirmed is confirmed, with a receipt of each', async () => {
  const { run, told } = world();
  const { receipts, silent, unconfirmed } = await run(input);
  expect(Object.keys(receipts).sort()).toEqual(['chat', 'pager']);
  expect([silent, unconfirmed]).toEqual([[], undefined]);
  expect(told['chat']?.[0]?.said[0]?.headline).toBe('[SEV1] We are looking into it: Shares may have been copied');
});

test('a broken channel and one that is not configured are named, keep nobody from being told, and leave a SEV1 unconfirmed', async () => {
  const { run, told } = world();
  const { receipts, silent, unconfirmed } = await run({ ...input, channels: ['down', 'pager', 'nowhere'] });
  expect(Object.keys(receipts)).toEqual(['pager']);
  expect(silent).toEqual([
    { channel: 'down', code: 'input.notifier-refused' },
    { channel: 'nowhere', code: 'input.notice-channel' },
  ]);
  expect(unconfirmed).toMatchObject({ code: 'unavailable.independent-channels' });
  expect(told['pager']?.length).toBe(1);
});

test('a notifier that gives no receipt counts as silent, and costs no other channel its confirmation', async () => {
  const { run } = world();
  const { receipts, silent, unconfirmed } = await run({ ...input, channels: ['pager', 'lying'] });
  expect(Object.keys(receipts)).toEqual(['pager']);
  expect(silent).toEqual([{ channel: 'lying', code: 'bug.notifier-receipt' }]);
  expect(unconfirmed).toMatchObject({ code: 'unavailable.independent-channels' });
});

test('asked again with the receipts so far, only who has not confirmed is told', async () => {
  const { run, told } = world();
  const { receipts: already } = await run({ ...input, channels: ['pager'] });
  const { receipts, unconfirmed } = await run({ ...input, already, key: 'another key' });
  expect(unconfirmed).toBeUndefined();
  expect(receipts['pager']).toEqual(already['pager']);
  expect(told['pager']?.[0]?.said.length).toBe(1);
  expect(told['chat']?.[0]?.said.length).toBe(1);
});

test('a repeat of the whole attempt under its key tells nobody twice', async () => {
  const { run, told } = world();
  await run(input);
  await run(input);
  expect(Object.values(told).map((one) => one.map(({ said }) => said.length))).toEqual([[1], [1]]);
});

test('an update and the end stand in the conversation that the first notice opened', async () => {
  const { run, told } = world();
  const { receipts: first } = await run(input);
  await run({ ...input, event: 'update', first, key: 'inc-7/update/1' });
  await run({ ...input, event: 'resolve', first, key: 'inc-7/over' });
  expect(told['chat']?.map(({ said, over }) => [said.length, over])).toEqual([[3, true]]);
});

test('whatever is said outside production is said as an exercise', async () => {
  const { run, told } = world('drill');
  const { receipts, unconfirmed } = await run(input);
  expect(told['chat']?.[0]?.said[0]?.headline.startsWith('[EXERCISE] [SEV1]')).toBe(true);
  expect(receipts['chat']?.exercise).toBe(true);
  expect(unconfirmed).toBeUndefined();
});

test('a name that every object has is no channel', async () => {
  const { run } = world();
  const { silent } = await run({ ...input, channels: ['constructor', '__proto__'] });
  expect(silent.map(({ code }) => code)).toEqual(['input.notice-channel', 'input.notice-channel']);
});

test('more channels than anybody has are refused', async () => {
  const { run } = world();
  const channels = Array.from({ length: 21 }, (_, at) => `c${at}`);
  await expect(run({ ...input, channels })).rejects.toMatchObject({ type: 'input.notice-channel' });
});

test('a playbook tells people over the same channels, and an unknown severity sounds like the worst', async () => {
  const { notifiers, told } = world();
  const channels = channelsOf(notifiers, genesis, Date.now);
  const context = {
    idempotencyKey: 'run/step/pager',
    signal: new AbortController().signal,
    deadlineMs: Date.now() + 5_000,
  };
  await expect(channels['lying']?.send({ text: 'x', severity: 'SEV1' }, context)).rejects.toMatchObject({
    code: 'bug.notifier-receipt',
  });
  for (let round = 0; round < 2; round += 1)
    await channels['pager']?.send({ text: 'Frozen by 7', severity: 'odd' }, context);
  expect(told['pager']?.map(({ said }) => said.map(({ headline }) => headline))).toEqual([['[SEV1] Frozen by 7']]);
});
