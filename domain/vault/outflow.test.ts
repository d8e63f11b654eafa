import { expect, test } from '@jest/globals';
import { roomAtMs, windowStartMs } from './outflow.ts';

const CAP = { sats: 100, windowSeconds: 60 };
const SIGNED = [
  { sats: 50, atMs: 1_000 },
  { sats: 30, atMs: 2_000 },
];
const roomAt = (signed: typeof SIGNED, more: number): number =>
  roomAtMs(
    signed.reduce((sum, { sats }) => sum + sats, 0),
    signed,
    more,
    CAP,
  );

test.each([
  ['what fits, fits now', 20, 0],
  ['one satoshi more waits for the oldest to leave', 21, 61_000],
  ['as much as the oldest leaves', 70, 61_000],
  ['more waits for the next one', 71, 62_000],
  ['the whole cap waits for all of them', 100, 62_000],
  ['more than the cap never fits', 101, Number.POSITIVE_INFINITY],
])('room under the cap: %s', (_, more, at) => {
  expect(roomAt(SIGNED, more)).toBe(at);
  if (at === 0 || !Number.isFinite(at)) return;
  // By that time, and not a millisecond before, the window holds little enough.
  const held = (nowMs: number) => SIGNED.filter(({ atMs }) => atMs > windowStartMs(nowMs, CAP));
  expect(roomAt(held(at), more)).toBe(0);
  expect(roomAt(held(at - 1), more)).toBe(at);
});
