import { expect, test } from '@jest/globals';
import { genesis, NOW, seats } from '../../domain/approval/testkit/voting.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import { type Order, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { principal, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import { judgeHanded } from './handed.ts';
import { freshState, type RunState } from './state.ts';

const authority = firstAuthority(genesis);
function freeze(number: number, signers = 3): SignedOrder {
  const order: Order = {
    version: 1,
    kind: 'freeze',
    environment: genesis.environment,
    network: genesis.name,
    committeeEpoch: 1,
    number,
    scope: 'payouts',
    reason: 'of a test',
    expiresAtSeconds: NOW + 3_600,
  };
  return { order, signatures: signaturesBy(seats(signers).map(principal), orderDigest(order)) };
}
const waiting = (...above: readonly number[]): RunState => ({
  ...freshState({}, [], []),
  wanted: Object.fromEntries(
    above.map((number, at) => [`step-${at}`, { step: `step-${at}`, kind: 'freeze', above: number, untilMs: 1 }]),
  ),
});
const judge = (state: RunState, signed: SignedOrder) => judgeHanded({ state, authority }, signed, NOW);

test('an order that is older than what every waiting step asks for is refused, because it would help nobody', () => {
  expect(judge(waiting(5), freeze(4))).toMatchObject({
    ok: false,
    refusal: { code: 'conflict.order-number', message: 'order 4 serves no step: the run asks for one above 5' },
  });
  expect(judge(waiting(5), freeze(6)).ok).toBe(true);
  expect(judge(waiting(5, 3), freeze(4)).ok).toBe(true);
});

test('the very order that validators hold is handed on again, and what no step waits for is kept for a later one', () => {
  expect(judge(waiting(5), freeze(5)).ok).toBe(true);
  expect(judge(waiting(), freeze(1)).ok).toBe(true);
});

test('an order that validators would not obey is not taken, and neither is one more than any run needs', () => {
  expect(judge(waiting(), freeze(1, 2))).toMatchObject({ ok: false, refusal: { code: 'policy.order-quorum' } });
  const full = { ...waiting(), orders: Array.from({ length: 40 }, () => freeze(1)) };
  expect(judge(full, freeze(2))).toMatchObject({ ok: false, refusal: { code: 'input.orders-full' } });
});
