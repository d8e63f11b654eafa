import { expect, test } from '@jest/globals';
import type { BitcoinChain } from '../domain/ports/chain.ts';
import { sightOf } from './sight.ts';

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
