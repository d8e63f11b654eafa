import { expect, test } from '@jest/globals';
import type { AuditEntry } from '../../domain/audit/record.ts';
import type { SignedOrder } from '../../domain/committee/order.ts';
import { frozenUntil, witnessFreeze } from './freeze.ts';
import type { RunState } from './state.ts';

type Known = Pick<RunState, 'orders' | 'frozen'>;
const order = (kind: 'freeze' | 'lift', number: number, expiresAtSeconds: number): SignedOrder =>
  ({ order: { kind, number, expiresAtSeconds }, signatures: [] }) as unknown as SignedOrder;
const saw = (state: Known, kind: 'grant.used' | 'order.obeyed' | 'key.certified', untilSeconds: number): void =>
  witnessFreeze(state, { kind, facts: { untilSeconds } } as unknown as AuditEntry);

test('a freeze by standing order is known to the run although nobody handed it an order', () => {
  const state: Known = { orders: [] };
  expect(frozenUntil(state)).toBeUndefined();
  saw(state, 'grant.used', 90);
  expect(frozenUntil(state)).toBe(90_000);
  saw(state, 'key.certified', 120);
  expect(frozenUntil(state)).toBe(90_000);
});

test('a standing order shortens no freeze, and a lift that validators obeyed ends it', () => {
  const state: Known = { orders: [order('freeze', 1, 500)] };
  saw(state, 'grant.used', 90);
  expect(frozenUntil(state)).toBe(500_000);
  saw(state, 'order.obeyed', 0);
  expect(frozenUntil(state)).toBeUndefined();
});

test('an order that is handed over later counts from then on', () => {
  const state: Known = { orders: [] };
  saw(state, 'grant.used', 90);
  state.orders.push(order('freeze', 3, 700));
  expect(frozenUntil(state)).toBe(700_000);
  state.orders.push(order('lift', 4, 800));
  expect(frozenUntil(state)).toBeUndefined();
});
