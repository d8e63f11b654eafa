import { expect, test } from '@jest/globals';
import type { BitcoinChain } from '../domain/ports/chain.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { caughtUpOf, sightOf, watchInSight } from './sight.ts';

function world() {
  const state = { nowMs: 0, synced: true };
  const status = () => ({ synced: state.synced, tip: { hash: '00'.repeat(32), height: 1 }, silentSeconds: 0 });
  const chain = { view: { status } } as unknown as BitcoinChain;
  return { state, sees: sightOf({ chain, clock: () => state.nowMs }) };
}

test('a worker that lost sight of the chain waits a while and then gives its watches away, one after the other', () => {
  const { state, sees } = world();
  expect(sees()).toBe(true);
  state.synced = false;
  expect(sees()).toBe(false);
  state.nowMs = 4_999;
  expect(sees()).toBe(false);
  state.nowMs = 5_000;
  expect(sees).toThrow(expect.objectContaining({ code: 'not-yet.chain-syncing' }));
  // The next attempt comes back to the same worker: it does not wait again.
  expect(sees).toThrow(expect.objectContaining({ code: 'not-yet.chain-syncing' }));
});

test('sight that returns makes up for everything before', () => {
  const { state, sees } = world();
  state.synced = false;
  expect(sees()).toBe(false);
  state.nowMs = 4_000;
  state.synced = true;
  expect(sees()).toBe(true);
  state.synced = false;
  state.nowMs = 8_000;
  expect(sees()).toBe(false);
});

test('a search of old blocks is given away too when its worker is blind, and waited for as long as it sees', async () => {
  const state = { nowMs: 0, synced: true, slices: 0 };
  const view = {
    status: () => ({ synced: state.synced }),
    watch: async (_scripts: readonly string[], _fromHeight: number, { deadlineMs }: { deadlineMs: number }) => {
      state.nowMs = deadlineMs;
      state.slices += 1;
      if (state.slices === 20) return;
      throw new FirebreakFailure('not-yet.back-scan', 'not searched yet');
    },
  };
  const deps = { chain: { view } as unknown as BitcoinChain, clock: () => state.nowMs };
  const search = () =>
    watchInSight(deps, sightOf(deps), ['51'], 1, { signal: new AbortController().signal, deadlineMs: 3_600_000 });
  await search();
  expect(state).toMatchObject({ slices: 20, nowMs: 20_000 });
  Object.assign(state, { nowMs: 0, slices: 100, synced: false });
  await expect(search()).rejects.toMatchObject({ code: 'not-yet.chain-syncing' });
  expect(state.nowMs).toBeLessThanOrEqual(7_000);
});

test('a view that has not come as far as the one before it is waited for, and given away when it stays behind', () => {
  const state = { nowMs: 0, height: 7 };
  const view = { status: () => ({ tip: { height: state.height } }) };
  const deps = { chain: { view } as unknown as BitcoinChain, clock: () => state.nowMs };
  const isCaughtUp = caughtUpOf(deps);
  const caughtUp = (): boolean => isCaughtUp(8);
  expect(caughtUp()).toBe(false);
  state.nowMs = 4_999;
  expect(caughtUp()).toBe(false);
  Object.assign(state, { nowMs: 5_000, height: 8 });
  expect(caughtUp()).toBe(true);
  // A reorganisation may show fewer blocks for a moment.
  state.height = 7;
  expect(caughtUp()).toBe(false);
  state.nowMs = 10_000;
  expect(caughtUp).toThrow(expect.objectContaining({ code: 'not-yet.chain-syncing' }));
  // The next attempt comes back to the same worker: it does not wait again. What was looked at from lower is not concerned.
  expect(caughtUp).toThrow(expect.objectContaining({ code: 'not-yet.chain-syncing' }));
  expect([isCaughtUp(), isCaughtUp(7)]).toEqual([true, true]);
});

test('a chain that stays lower is believed in the end: more work can be in fewer blocks', () => {
  const state = { nowMs: 0 };
  const view = { status: () => ({ tip: { height: 7 } }) };
  const isCaughtUp = caughtUpOf({ chain: { view } as unknown as BitcoinChain, clock: () => state.nowMs });
  expect(isCaughtUp(8)).toBe(false);
  state.nowMs = 599_999;
  expect(() => isCaughtUp(8)).toThrow(expect.objectContaining({ code: 'not-yet.chain-syncing' }));
  state.nowMs = 600_000;
  expect(isCaughtUp(8)).toBe(true);
});
