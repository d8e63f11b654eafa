import { expect, test } from '@jest/globals';
import type { DepositObservation, ObservedOutput } from '../../activities/deposits.ts';
import { validatorId } from '../../domain/network/network.ts';
import type { DepositReport, DepositState } from './messages.ts';
import { nextReport, NOTHING_SEEN } from './state.ts';

const DEPTH = 3;
const coin = (name: string, block: string, confirmations = DEPTH, amountSats = 100): ObservedOutput => ({
  outpoint: { txid: name.repeat(64), vout: 0 },
  amountSats,
  block: { hash: block.repeat(64), height: 10 },
  confirmations,
});
const seen = (outputs: readonly ObservedOutput[], change: Partial<DepositObservation> = {}): DepositObservation => ({
  fingerprint: JSON.stringify(outputs),
  outputs,
  anchor: { hash: 'f'.repeat(64), height: 20 },
  agreeing: [1, 2, 3].map(validatorId),
  quorum: 3,
  keyState: 'active',
  deposit: { amountSats: 100, deadlineHeight: 50 },
  ...change,
});
const after = (...looks: readonly DepositObservation[]): DepositReport =>
  looks.reduce((report, look, at) => nextReport(report, look, DEPTH, at), NOTHING_SEEN);
const states = (report: DepositReport): DepositState[] => report.history.map(({ state }) => state);

test('nothing seen is awaited, shallow is seen, deep and agreed is confirmed', () => {
  expect(after(seen([])).state).toBe('awaiting-deposit');
  expect(after(seen([coin('a', '1', 1)])).state).toBe('seen');
  expect(after(seen([coin('a', '1')])).state).toBe('confirmed');
});

test('one validator short of the quorum, a deep deposit is only seen', () => {
  expect(after(seen([coin('a', '1')], { agreeing: [1, 2].map(validatorId) })).state).toBe('seen');
});

test('a deposit that returns after it vanished is a move, and then confirmed', () => {
  const gone = after(seen([coin('a', '1', 1)]), seen([]));
  expect(gone).toMatchObject({ state: 'vanished-by-reorg', outputs: [{ amountSats: 100 }] });
  const back = nextReport(gone, seen([coin('a', '2')]), DEPTH, 9);
  expect(back.state).toBe('moved-by-reorg');
  expect(back.fingerprint).toBeUndefined();
  expect(nextReport(back, seen([coin('a', '2')]), DEPTH, 10).state).toBe('confirmed');
});

test('when one of two deposits vanishes it is named, and the rest is judged by itself', () => {
  const two = seen([coin('a', '1'), coin('b', '1')]);
  const one = seen([coin('a', '1')]);
  expect(states(after(two, one, one))).toEqual(['double-deposited', 'vanished-by-reorg', 'confirmed']);
});

test('coins that are spent deep enough are settled, and shallow spends are not', () => {
  const spent = (confirmations: number) => [{ ...coin('a', '1'), spentBy: { txid: 'e'.repeat(64), confirmations } }];
  expect(after(seen(spent(DEPTH))).state).toBe('settled');
  expect(after(seen(spent(DEPTH - 1))).state).toBe('confirmed');
});

test('the deadline itself is in time and the next block is late', () => {
  const at = (deadlineHeight: number) =>
    after(seen([coin('a', '1')], { deposit: { amountSats: 100, deadlineHeight } })).state;
  expect(at(10)).toBe('confirmed');
  expect(at(9)).toBe('late');
});

test('the record of states is bounded', () => {
  const flapping = Array.from({ length: 200 }, (_unused, at) => seen([coin('a', at % 2 === 0 ? '1' : '2', 1)]));
  expect(after(...flapping).history.length).toBeLessThanOrEqual(64);
});
