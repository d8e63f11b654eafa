import { expect, test } from '@jest/globals';
import { validatorId } from '../../../domain/network/network.ts';
import { Latency } from './latency.ts';
import { RateLimit } from './rate-limit.ts';

test('a peer has its burst, then as much as time gives back, and another peer has its own', () => {
  let nowMs = 0;
  const limit = new RateLimit({ burst: 3, perSecond: 2 }, () => nowMs);
  const admitted = (peer: string, times: number): number =>
    Array.from({ length: times }, () => limit.admit(peer)).filter(Boolean).length;
  expect(admitted('a', 10)).toBe(3);
  expect(admitted('b', 10)).toBe(3);
  nowMs += 1_000;
  expect(admitted('a', 10)).toBe(2);
  nowMs += 3_600_000;
  expect(admitted('a', 10)).toBe(3);
});

test('what is given back can be had again, and never more than the burst', () => {
  const limit = new RateLimit({ burst: 2, perSecond: 1 }, () => 0);
  expect([limit.admit('a'), limit.admit('a'), limit.admit('a')]).toEqual([true, true, false]);
  limit.giveBack('a');
  expect([limit.admit('a'), limit.admit('a')]).toEqual([true, false]);
  for (let times = 0; times < 5; times += 1) limit.giveBack('a');
  limit.giveBack('b');
  expect([limit.admit('a'), limit.admit('a'), limit.admit('a')]).toEqual([true, true, false]);
});

test('a clock that goes back gives nothing and takes nothing', () => {
  let nowMs = 10_000;
  const limit = new RateLimit({ burst: 1, perSecond: 1 }, () => nowMs);
  expect(limit.admit('a')).toBe(true);
  nowMs = 0;
  expect(limit.admit('a')).toBe(false);
});

test('latency keeps the last sixty round trips and gives nearest-rank quantiles', () => {
  const latency = new Latency();
  const peer = validatorId(3);
  for (let ms = 1; ms <= 160; ms += 1) latency.add(peer, ms);
  expect(latency.quantiles([0.5, 0.95, 1]).get(peer)).toEqual([130, 157, 160]);
  expect(latency.quantiles([0.5]).get(validatorId(4))).toBeUndefined();
});
