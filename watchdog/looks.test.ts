import { expect, test } from '@jest/globals';
import { lookAtHeartbeats } from './looks.ts';

const MINUTE_MS = 60_000;
const config = { heartbeats: { prometheus: 5 } };
const apis = (fine: boolean, ...last: readonly number[]) => ({
  look: { what: 'api', fine, why: '' },
  health: last.map((atMs) => ({ heartbeats: { prometheus: atMs } })),
});
const START_MS = 1_800_000_000_000;

test('a source that has never been heard has its whole time from the first look on', () => {
  const heard = {};
  const at = (minutes: number) => lookAtHeartbeats(config, apis(true), heard, START_MS + minutes * MINUTE_MS)[0]?.fine;
  expect([at(0), at(5), at(6)]).toEqual([true, true, false]);
});

test('of several apis the one that heard it last counts, and an api that restarted and forgot takes nothing back', () => {
  const heard = {};
  const at = (minutes: number, ...last: readonly number[]) =>
    lookAtHeartbeats(config, apis(true, ...last), heard, START_MS + minutes * MINUTE_MS)[0]?.fine;
  expect(at(0, START_MS - MINUTE_MS)).toBe(true);
  expect(at(10, START_MS + 9 * MINUTE_MS, START_MS)).toBe(true);
  expect(at(13)).toBe(true);
  expect(at(15)).toBe(false);
});

test('while no api answers nothing is said about heartbeats: that outage has a page of its own', () => {
  expect(lookAtHeartbeats(config, apis(false), { prometheus: 0 }, START_MS)[0]?.fine).toBeUndefined();
});

test('a clock that is ahead at an api does not make a source live for ever', () => {
  const heard = {};
  lookAtHeartbeats(config, apis(true, START_MS + 1_000 * MINUTE_MS), heard, START_MS);
  expect(lookAtHeartbeats(config, apis(true), heard, START_MS + 6 * MINUTE_MS)[0]?.fine).toBe(false);
});
