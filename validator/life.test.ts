import { expect, test } from '@jest/globals';
import { judgeLife, type LifeFacts, NODE_SILENT_SECONDS_MAX, runLife } from './life.ts';

const good: LifeFacts = {
  started: true,
  draining: false,
  fatal: undefined,
  chain: { synced: true, silentSeconds: 0 },
  signerLate: undefined,
  peersConnected: 14,
  orderStatesKnown: 10,
  threshold: 10,
};
const trouble = (code: string, synced = false): Partial<LifeFacts> => ({
  chain: { synced, silentSeconds: 0, trouble: { code, message: 'said the view' } },
});

test.each<[string, Partial<LifeFacts>, string, RegExp | undefined]>([
  ['everything is well', {}, 'ready', undefined],
  ['nothing is open yet', { started: false }, 'initialising', /starting/],
  ['the node is catching up', { chain: { synced: false, silentSeconds: 0 } }, 'syncing', /catching up/],
  ['the node is down', trouble('unavailable.node-down'), 'syncing', /unavailable\.node-down/],
  [
    'the node fell silent',
    { chain: { synced: true, silentSeconds: NODE_SILENT_SECONDS_MAX + 1 } },
    'syncing',
    /not answered/,
  ],
  ['the node lies', trouble('policy.node-lies'), 'halted', /policy\.node-lies/],
  ['a reorganisation is too deep', trouble('policy.reorg-too-deep'), 'halted', /too-deep/],
  ['one of several nodes lies', trouble('policy.node-lies', true), 'degraded', /policy\.node-lies/],
  ['nine peers said their order', { orderStatesKnown: 9 }, 'joining', /9 of 10/],
  ['nine peers are connected', { peersConnected: 9 }, 'ready', undefined],
  ['the signer is late', { signerLate: 'sign' }, 'degraded', /did not finish sign/],
  ['eight peers are connected', { peersConnected: 8 }, 'degraded', /8 peers/],
  ['the journal failed', { fatal: 'policy.journal-damaged: page 7' }, 'halted', /journal/],
  [
    'the journal failed before the node synced',
    { fatal: 'x', chain: { synced: false, silentSeconds: 0 } },
    'halted',
    /x/,
  ],
  ['it was told to stop', { draining: true, fatal: 'x' }, 'draining', /request/],
])('when %s, the state follows', (_when, change, state, reason) => {
  const verdict = judgeLife({ ...good, ...change });
  expect(verdict.state).toBe(state);
  if (reason === undefined) expect(verdict.reasons).toEqual([]);
  else expect(verdict.reasons.join()).toMatch(reason);
});

test('a validator whose node falls behind is unavailable and back by itself', () => {
  const behind = { ...good, chain: { synced: false, silentSeconds: 0 } };
  expect([good, behind, good].map((facts) => judgeLife(facts).state)).toEqual(['ready', 'syncing', 'ready']);
});

test('the loop tells a change once and judges again after each round of orders', async () => {
  let facts = { ...good, orderStatesKnown: 0 };
  const told: string[] = [];
  let learned: () => void = () => undefined;
  const loop = runLife({
    facts: () => facts,
    apply: ({ state }) => told.push(state),
    learnOrders: () => new Promise((resolve) => (learned = resolve)),
    turnMs: 3_600_000,
  });
  loop.judge();
  expect(told).toEqual(['joining']);
  facts = good;
  learned();
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['joining', 'ready']);
  loop.stop();
});
