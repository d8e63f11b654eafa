import { describe, expect, test } from '@jest/globals';
import { genesis, NOW, seats } from '../approval/testkit/voting.ts';
import { type Order, orderDigest, type SignedOrder } from './order.ts';
import {
  FREEZE_RENEWALS_MAX,
  freezesInARow,
  judgeRenewal,
  type ObeyedOrder,
  RENEWAL_WITHIN_SECONDS,
  ROW_READ_MAX,
} from './renewals.ts';
import { principal, signaturesBy } from './testkit/keys.ts';

const { committee } = genesis;
const HOUR = 3_600;

/** Obeyed at that second after `NOW`, for an hour unless `change` says otherwise. */
function order(number: number, atSeconds: number, signers: number, change: Partial<Order> = {}): ObeyedOrder {
  const whole: Order = {
    version: 1,
    kind: 'freeze',
    environment: genesis.environment,
    network: genesis.name,
    committeeEpoch: committee.epoch,
    number,
    scope: 'payouts',
    reason: 'a test',
    expiresAtSeconds: NOW + atSeconds + HOUR,
    ...change,
  };
  return { signed: sign(whole, signers), obeyedAtSeconds: NOW + atSeconds };
}
const sign = (whole: Order, signers: number): SignedOrder => ({
  order: whole,
  signatures: signaturesBy(seats(signers).map(principal), orderDigest(whole)),
});

/** Freezes of three, one every half hour, the latest first. */
const row = (freezes: number): readonly ObeyedOrder[] =>
  Array.from({ length: freezes }, (_, at) => order(at + 1, (at * HOUR) / 2, 3)).toReversed();
const FULL = row(1 + FREEZE_RENEWALS_MAX);
const lastEnd = FULL[0]?.signed.order.expiresAtSeconds ?? 0;

/** Of the next number, handed over at that Unix second. */
const judge = (signers: number, before: readonly ObeyedOrder[], nowSeconds: number, change: Partial<Order> = {}) =>
  judgeRenewal(order(99, nowSeconds - NOW, signers, change).signed, committee, before, nowSeconds);

test('three members freeze and renew three times in a row, and no fourth time', () => {
  for (let freezes = 0; freezes <= FREEZE_RENEWALS_MAX; freezes += 1)
    expect(judge(3, row(freezes), NOW + 2 * HOUR)).toMatchObject({ ok: true });
  expect(judge(3, FULL, lastEnd - 1)).toMatchObject({
    ok: false,
    refusal: { code: 'policy.order-renewals', details: { have: 3, need: 7, renewalsMax: 3 } },
  });
});

test('six are no more than three, and seven go on as long as they want', () => {
  expect(judge(6, FULL, lastEnd - 1)).toMatchObject({ ok: false });
  expect(judge(7, FULL, lastEnd - 1)).toMatchObject({ ok: true });
  expect(judge(7, [order(5, 2 * HOUR, 7), ...FULL], lastEnd)).toMatchObject({ ok: true });
});

test('a lift is never capped', () => {
  expect(judge(7, FULL, lastEnd - 1, { kind: 'lift' })).toMatchObject({ ok: true });
});

describe('the count starts anew', () => {
  test('a day after the end of the last freeze, and not a second earlier', () => {
    expect(judge(3, FULL, lastEnd + RENEWAL_WITHIN_SECONDS - 1)).toMatchObject({ ok: false });
    expect(judge(3, FULL, lastEnd + RENEWAL_WITHIN_SECONDS)).toMatchObject({ ok: true });
  });

  test('after a lift', () => {
    expect(freezesInARow([order(5, 2 * HOUR, 7, { kind: 'lift' }), ...FULL], committee, NOW + 2 * HOUR)).toBe(0);
  });

  test('after a freeze that the change quorum signed', () => {
    expect(freezesInARow([order(5, 2 * HOUR, 7), ...FULL], committee, NOW + 2 * HOUR)).toBe(0);
  });

  test('with another committee', () => {
    expect(freezesInARow(FULL, { ...committee, epoch: 2 }, lastEnd - 1)).toBe(0);
  });
});

test('what a journal keeps was verified when it came in: a count verifies nothing again', () => {
  const [first, ...rest] = FULL;
  if (first === undefined) throw new Error('a row has a first freeze');
  const forged = { member: 'nobody', signature: '00' };
  const signed = { ...first.signed, signatures: Array.from({ length: 7 }, () => forged) };
  expect(freezesInARow([{ ...first, signed }, ...rest], committee, lastEnd - 1)).toBe(0);
  expect(judgeRenewal(signed, committee, FULL, lastEnd - 1)).toMatchObject({ ok: false });
});

test('lifts of fewer than the change quorum hide no row, however many of them were signed', () => {
  const easy = { ...committee, quorum: { freeze: 3, lift: 3, change: 7 } };
  const lifts = (count: number) =>
    Array.from({ length: count }, (_, at) => order(100 + at, 2 * HOUR + at, 3, { kind: 'lift' })).toReversed();
  const now = NOW + 3 * HOUR;
  expect(freezesInARow([...lifts(2), ...FULL], easy, now)).toBe(FULL.length);
  expect(freezesInARow(lifts(ROW_READ_MAX - 1), easy, now)).toBe(0);
  expect(freezesInARow(lifts(ROW_READ_MAX), easy, now)).toBe(FULL.length);
});

test('a freeze that was overtaken by a shorter one ends with that one', () => {
  const long = order(1, 0, 3, { expiresAtSeconds: NOW + 90 * RENEWAL_WITHIN_SECONDS });
  const short = order(2, 60, 3);
  expect(freezesInARow([short, long], committee, NOW + 2 * HOUR)).toBe(2);
  expect(freezesInARow([short, long], committee, NOW + 60 + HOUR + RENEWAL_WITHIN_SECONDS)).toBe(0);
});

test('a row is as long whatever the order in which it was heard', () => {
  const late = FULL.map((each, at) => (at === 0 ? each : { ...each, obeyedAtSeconds: lastEnd - 60 }));
  expect(freezesInARow(late, committee, lastEnd - 1)).toBe(FULL.length);
});

test('where fewer lift than change, their lift ends the freeze and not the row, until a day has passed', () => {
  const easy = { ...committee, quorum: { freeze: 3, lift: 5, change: 7 } };
  const lifted = [order(5, 2 * HOUR, 5, { kind: 'lift' }), ...FULL];
  expect(freezesInARow(lifted, easy, NOW + 3 * HOUR)).toBe(FULL.length);
  expect(freezesInARow(lifted, easy, NOW + 2 * HOUR + RENEWAL_WITHIN_SECONDS)).toBe(0);
  expect(freezesInARow([order(5, 2 * HOUR, 7, { kind: 'lift' }), ...FULL], easy, NOW + 3 * HOUR)).toBe(0);
});
