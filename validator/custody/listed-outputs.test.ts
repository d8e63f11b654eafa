import { expect, test } from '@jest/globals';
import type { WatchedOutput } from '../../domain/ports/chain.ts';
import { listedOutputs, OUTPUTS_MAX } from './listed-outputs.ts';

const output = (name: number, amountSats: number, spent = false): WatchedOutput => ({
  outpoint: { txid: name.toString(16).padStart(64, '0'), vout: 0 },
  script: '51',
  amountSats,
  blockHash: '',
  height: name,
  confirmations: 1,
  ...(spent ? { spentBy: { txid: 'aa', blockHash: '', height: name, confirmations: 1 } } : {}),
});
const many = (count: number, from: number, amountSats: number, spent = false) =>
  Array.from({ length: count }, (_, at) => output(from + at, amountSats, spent));

test('dust, however much and however old, hides neither a deposit nor what spent one', () => {
  const deposit = output(900_000, 100_000);
  const paidOut = output(900_001, 50_000, true);
  const { listed, leftOut } = listedOutputs([
    ...many(5_000, 0, 546),
    ...many(5_000, 10_000, 546, true),
    deposit,
    paidOut,
  ]);
  expect(listed).toHaveLength(OUTPUTS_MAX);
  expect(listed[0]).toBe(deposit);
  expect(listed).toContain(paidOut);
  expect(leftOut).toBe(10_002 - OUTPUTS_MAX);
});

test('what fits is all there, and the order does not depend on the order of arrival', () => {
  const some = [...many(3, 0, 546), ...many(2, 10, 10_000, true), ...many(2, 20, 20_000)];
  const { listed, leftOut } = listedOutputs(some);
  expect(leftOut).toBe(0);
  expect(listed.map(({ amountSats }) => amountSats)).toEqual([20_000, 20_000, 546, 546, 546, 10_000, 10_000]);
  expect(listedOutputs(some.toReversed()).listed).toEqual(listed);
});

test('places that spent outputs do not need go to unspent ones, and the other way round', () => {
  expect(listedOutputs(many(2_000, 0, 546)).listed).toHaveLength(OUTPUTS_MAX);
  expect(listedOutputs(many(2_000, 0, 546, true)).listed).toHaveLength(OUTPUTS_MAX);
});
