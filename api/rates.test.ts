import { expect, test } from '@jest/globals';
import { Rates } from './rates.ts';

test('a key may cause a minute’s worth at once, then as many as time brings', () => {
  const rates = new Rates(60);
  for (let n = 0; n < 60; n += 1) expect(rates.take('a', 0).ok).toBe(true);
  expect(rates.take('a', 0)).toEqual({ ok: false, retrySeconds: 1 });
  expect(rates.take('b', 0).ok).toBe(true);
  expect(rates.take('a', 999).ok).toBe(false);
  expect(rates.take('a', 1_000).ok).toBe(true);
  expect(rates.take('a', 1_000).ok).toBe(false);
});

test('a slow limit says how long to wait, and a clock that goes back gives nothing', () => {
  const rates = new Rates(2);
  rates.take('a', 10_000);
  rates.take('a', 10_000);
  expect(rates.take('a', 10_000)).toEqual({ ok: false, retrySeconds: 30 });
  expect(rates.take('a', 0).ok).toBe(false);
});

test('strangers by the million cost a bounded memory', () => {
  const rates = new Rates(1);
  for (let n = 0; n < 50_000; n += 1) rates.take(`address ${n}`, 0);
  expect(rates.size).toBeLessThanOrEqual(10_000);
});
