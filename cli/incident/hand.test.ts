import { expect, test } from '@jest/globals';
import type { OrderKind } from '../../domain/committee/order.ts';
import { afterHanding } from './hand.ts';

const asked = (kind: OrderKind, isWaitedFor: boolean) => ({ step: 'stop', kind, above: 1, untilMs: 1, isWaitedFor });
const after = (kind: OrderKind, ...orders: ReturnType<typeof asked>[]) => {
  const { isAwaited, lines, next } = afterHanding(orders, kind, 'fire', 'order.json');
  return { isAwaited, said: lines.join(' '), next };
};

test('whoever hands over an order that a step waits for is sent to the incident', () => {
  const handed = after('lift', asked('lift', true), asked('lift', false));
  expect(handed).toEqual({ isAwaited: true, said: '', next: 'incident show fire' });
});

test('what is asked for without a step that hands it on is sent by people', () => {
  expect(after('lift', asked('lift', false))).toMatchObject({
    isAwaited: false,
    said: expect.stringMatching(/no step waits for a lift.*validators have not heard of it$/),
    next: 'order send order.json',
  });
});

test('an order for a later step is not said to be sent: it would count before its time', () => {
  for (const early of [after('freeze'), after('freeze', asked('lift', false), asked('lift', true))])
    expect(early).toMatchObject({
      isAwaited: false,
      said: expect.stringMatching(/no step waits for a freeze.* order send would make it count at once$/),
      next: 'incident show fire',
    });
});
