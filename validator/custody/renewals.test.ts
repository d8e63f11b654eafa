import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ORDER_SECONDS_MAX, type Order, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { FREEZE_RENEWALS_MAX, RENEWAL_WITHIN_SECONDS } from '../../domain/committee/renewals.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { AnnouncementSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { TestFleet } from './testkit/agents.ts';
import { nextCommittee, pinnedCommittee, signEpoch, standingOrder, useOf } from './testkit/committee.ts';
import { hostKey, signOrder } from './testkit/network.ts';

const IDS = [1, 2, 3];
const HOUR = 3_600;
/** Of a committee of three: two freeze, three lift and change. */
const FREEZE = 2;
const CHANGE = 3;
const FULL = 1 + FREEZE_RENEWALS_MAX;
const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
let nowMs = Date.now();
let fleet: TestFleet;
beforeEach(() => {
  fleet = new TestFleet(3, 2, { codec, keystore, clock: () => nowMs });
});
afterEach(() => fleet.close());

const now = (): number => Math.floor(nowMs / 1_000);
const order = (number: number, signers: number, change: Partial<Order> = {}): SignedOrder =>
  signOrder(fleet.network, { number, expiresAtSeconds: now() + HOUR, ...change }, signers);
const hand = (id: number, signed: SignedOrder) =>
  fleet.ask(id, { case: 'obeyOrder', value: { signedOrder: canonicalBytes(signed) } });
const handAll = async (signed: SignedOrder): Promise<void> => {
  for (const id of IDS) expect(await hand(id, signed)).toMatchObject({ ok: true });
};
const standing = (id: number) => fleet.get(id).agent.report().orders;
const pass = (seconds: number): void => {
  nowMs += seconds * 1_000;
};
/** Freezes of the freeze quorum, one every half hour, up to the last that is not refused; of numbers from 1. */
async function fillRow(ids: readonly number[]): Promise<void> {
  for (let number = 1; number <= FULL; number += 1) {
    for (const id of ids) expect(await hand(id, order(number, FREEZE))).toMatchObject({ ok: true });
    pass(HOUR / 2);
  }
}
/** What one says every second, as another one hears it. */
async function hears(to: number, from: number): Promise<void> {
  nowMs += 1;
  const { liveness } = fromBinary(AnnouncementSchema, fleet.get(from).agent.announce());
  const said = toBinary(AnnouncementSchema, create(AnnouncementSchema, liveness === undefined ? {} : { liveness }));
  await fleet.get(to).agent.hear(said, fleet.network.hosts[from - 1]?.identity ?? '');
}
const REFUSED = { code: 'policy.order-renewals' };

test('a freeze quorum renews its freeze three times; the fourth is refused, recorded and changes nothing, after a crash as well', async () => {
  await fillRow([1]);
  const before = standing(1);
  expect(before.number).toBe(FULL);
  expect(fleet.get(1).agent.freezesLeft()).toBe(0);
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject(REFUSED);
  expect(fleet.get(1).journal.refusals.latest(1)).toMatchObject([REFUSED]);
  expect(fleet.get(1).agent.report().counters.refusals).toMatchObject({ [REFUSED.code]: 1 });
  await fleet.crash(1);
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject(REFUSED);
  expect(standing(1)).toEqual(before);
});

test('whoever passes a renewal on in good faith is not held against it', async () => {
  await fillRow([1]);
  const said = create(AnnouncementSchema, { signedOrder: canonicalBytes(order(FULL + 1, FREEZE)) });
  expect(await fleet.get(1).agent.hear(toBinary(AnnouncementSchema, said), '')).toBe('ignore');
  expect(standing(1).number).toBe(FULL);
});

test('the change quorum goes on where the freeze quorum may not, with the very file that was refused', async () => {
  await fillRow([1]);
  const whole = order(FULL + 1, CHANGE);
  expect(await hand(1, { ...whole, signatures: whole.signatures.slice(0, FREEZE) })).toMatchObject(REFUSED);
  expect(await hand(1, whole)).toMatchObject({ ok: true });
  for (let number = FULL + 2; number <= 2 * FULL + 1; number += 1)
    expect(await hand(1, order(number, FREEZE))).toMatchObject({ ok: true });
  expect(await hand(1, order(2 * FULL + 2, FREEZE))).toMatchObject(REFUSED);
});

test('a freeze in force that the change quorum signs too starts the count anew, and is told to others', async () => {
  await fillRow([1]);
  const { signedOrder } = fleet.get(1).journal.orders.current() ?? {};
  if (signedOrder === undefined) throw new Error('the row has a last freeze');
  const told: number[] = [];
  fleet.get(1).agent.onNews((news) => news.kind === 'order' && told.push(news.order.signatures.length));
  const raised = signOrder(fleet.network, signedOrder.order, CHANGE);
  expect(await hand(1, raised)).toMatchObject({ ok: true });
  expect(await hand(1, raised)).toMatchObject({ ok: true });
  expect(await hand(1, signedOrder)).toMatchObject({ ok: true });
  expect(told).toEqual([CHANGE]);
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject({ ok: true });
});

test('a lift starts the count anew', async () => {
  await fillRow([1]);
  expect(await hand(1, order(FULL + 1, CHANGE, { kind: 'lift' }))).toMatchObject({ ok: true });
  expect(await hand(1, order(FULL + 2, FREEZE))).toMatchObject({ ok: true });
});

test('a day in which payouts went on starts the count anew, and less than a day does not', async () => {
  await fillRow([1]);
  pass(HOUR / 2 + RENEWAL_WITHIN_SECONDS - 10);
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject(REFUSED);
  expect(fleet.get(1).agent.freezesLeft()).toBe(0);
  pass(11);
  expect(fleet.get(1).agent.freezesLeft()).toBe(FULL);
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject({ ok: true });
});

test('the next committee has a row of its own', async () => {
  await fillRow([1]);
  const first = pinnedCommittee(fleet.network);
  const second = nextCommittee(first, [...first.keys.slice(1), hostKey()]);
  const signedEpochs = [canonicalBytes(signEpoch(fleet.network, first, second))];
  expect(await fleet.ask(1, { case: 'handEpochs', value: { signedEpochs } })).toMatchObject({ ok: true });
  const change = { number: FULL + 1, committeeEpoch: 2, expiresAtSeconds: now() + HOUR };
  const next = signOrder({ ...fleet.network, committee: second.keys }, change, FREEZE);
  expect(await hand(1, next)).toMatchObject({ ok: true });
});

test('uses of grants are none of the row, and no row stands in their way', async () => {
  const grant = standingOrder(fleet.network, now(), { limits: { usesMax: 10 } });
  const use = (run: string, afterOrder: number) =>
    fleet.ask(1, {
      case: 'useGrant',
      value: {
        signedGrant: canonicalBytes(grant),
        signedGrantUse: canonicalBytes(useOf(grant, now(), { run, afterOrder })),
      },
    });
  for (let at = 0; at < 4; at += 1) expect(await use(`before ${at}`, 0)).toMatchObject({ ok: true });
  await fillRow([1]);
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject(REFUSED);
  expect(await use('after the row', FULL)).toMatchObject({ ok: true });
});

test('signing the present number again, for longer, is a renewal like any other', async () => {
  await fillRow([1]);
  const longer = order(FULL, FREEZE, { expiresAtSeconds: now() + 10 * HOUR });
  expect(await hand(1, longer)).toMatchObject(REFUSED);
  expect(fleet.get(1).journal.doubleSigned.list()).toMatchObject([{ number: FULL, document: longer }]);
});

test('freezes of one number count each, whichever came first', async () => {
  const [longer, shorter] = [order(1, FREEZE, { expiresAtSeconds: now() + 2 * HOUR }), order(1, FREEZE)];
  for (const signed of [longer, shorter]) await hand(1, signed);
  for (const signed of [shorter, longer]) await hand(2, signed);
  for (const id of [1, 2]) {
    expect(await hand(id, order(2, FREEZE))).toMatchObject({ ok: true });
    expect(await hand(id, order(3, FREEZE))).toMatchObject({ ok: true });
    expect(await hand(id, order(4, FREEZE))).toMatchObject(REFUSED);
  }
});

/** Another freeze of that number with a digest that sorts before nearly all others. */
function withLowDigest(number: number, change: Partial<Order>): SignedOrder {
  for (let tries = 0; ; tries += 1) {
    const other = order(number, FREEZE, { ...change, reason: `try ${tries}` });
    if (orderDigest(other.order).startsWith('00')) return other;
  }
}

test('one number signed again and again counts each time, also when a short freeze of it ended long before', async () => {
  const long = { expiresAtSeconds: now() + ORDER_SECONDS_MAX };
  expect(await hand(1, order(1, FREEZE, long))).toMatchObject({ ok: true });
  const short = withLowDigest(1, { expiresAtSeconds: now() + 60 });
  expect(await hand(1, short)).toMatchObject({ code: 'conflict.order-fork' });
  // With the first and the short one these are four.
  for (let again = 0; again < 2; again += 1) {
    pass(ORDER_SECONDS_MAX - 10);
    expect(await hand(1, order(1, FREEZE, { expiresAtSeconds: now() + ORDER_SECONDS_MAX }))).toMatchObject({
      ok: true,
    });
  }
  pass(ORDER_SECONDS_MAX - 10);
  expect(await hand(1, order(1, FREEZE, { expiresAtSeconds: now() + ORDER_SECONDS_MAX }))).toMatchObject(REFUSED);
  expect(fleet.get(1).agent.freezesLeft()).toBe(0);
});

test('a journal full of what was signed twice still counts what it obeyed', async () => {
  const { journal } = fleet.get(1);
  for (let at = 0; at < 1_000; at += 1) {
    const document = order(2, FREEZE, { reason: `fork ${at}` });
    const kind = at % 2 === 0 ? 'order' : 'capped-order';
    journal.doubleSigned.keep({ kind, number: at % 3, digest: orderDigest(document.order), document }, nowMs);
  }
  pass(2 * RENEWAL_WITHIN_SECONDS);
  for (let again = 0; again < FULL; again += 1) {
    expect(await hand(1, order(3, FREEZE, { expiresAtSeconds: now() + HOUR }))).toMatchObject({ ok: true });
    pass(HOUR / 2);
  }
  expect(await hand(1, order(3, FREEZE, { expiresAtSeconds: now() + HOUR }))).toMatchObject(REFUSED);
  expect(journal.doubleSigned.count()).toBe(1_000);
});

test('a freeze that the cap kept out counts once, when it is obeyed after a day of freedom', async () => {
  await fillRow([1]);
  const refused = order(FULL, FREEZE, { expiresAtSeconds: now() + 10 * RENEWAL_WITHIN_SECONDS });
  expect(await hand(1, refused)).toMatchObject(REFUSED);
  pass(HOUR / 2 + RENEWAL_WITHIN_SECONDS);
  expect(fleet.get(1).agent.freezesLeft()).toBe(FULL);
  expect(await hand(1, refused)).toMatchObject({ ok: true });
  expect(fleet.get(1).agent.freezesLeft()).toBe(FULL - 1);
  for (let number = FULL + 1; number < 2 * FULL; number += 1)
    expect(await hand(1, order(number, FREEZE))).toMatchObject({ ok: true });
  expect(await hand(1, order(2 * FULL, FREEZE))).toMatchObject(REFUSED);
});

test('a freeze that comes after a later one is refused, and one of the row all the same', async () => {
  const freezes = Array.from({ length: FULL }, (_, at) => order(at + 1, FREEZE)).toReversed();
  expect(await hand(1, freezes[0] ?? order(1, FREEZE))).toMatchObject({ ok: true });
  const before = standing(1);
  for (const earlier of freezes.slice(1)) {
    expect(await hand(1, earlier)).toMatchObject({ code: 'conflict.order-number' });
    // Once more is not one more.
    expect(await hand(1, earlier)).toMatchObject({ code: 'conflict.order-number' });
  }
  expect(standing(1)).toEqual(before);
  await fleet.crash(1);
  expect(standing(1)).toEqual(before);
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject(REFUSED);
});

test('below an order of the change quorum no freeze that comes too late is kept', async () => {
  expect(await hand(1, order(100, CHANGE))).toMatchObject({ ok: true });
  expect(await hand(1, order(101, FREEZE))).toMatchObject({ ok: true });
  for (const number of [7, 99])
    expect(await hand(1, order(number, FREEZE))).toMatchObject({ code: 'conflict.order-number' });
  const { orders } = fleet.get(1).journal;
  expect([7, 99, 100, 101].map((number) => orders.get(number) !== undefined)).toEqual([false, false, true, true]);
});

test('in whatever order one freeze too many arrives with its row, and wherever validators crash, all refuse the next one and end at one lift', async () => {
  const deliveries = fc.array(
    fc.record({ id: fc.constantFrom(...IDS), pick: fc.nat(), crashes: fc.integer({ min: 0, max: 9 }) }),
    { minLength: 10, maxLength: 30 },
  );
  await fc.assert(
    fc
      .asyncProperty(deliveries, async (each) => {
        fleet = new TestFleet(3, 2, { codec, keystore, clock: () => nowMs });
        const freezes = Array.from({ length: FULL + 1 }, (_, at) => order(at + 1, FREEZE));
        for (const { id, pick, crashes } of each) {
          const freeze = freezes[pick % freezes.length];
          if (freeze !== undefined) await hand(id, freeze);
          if (crashes === 0) await fleet.crash(id);
        }
        for (const id of IDS) for (const freeze of freezes) await hand(id, freeze);
        for (const id of IDS) {
          expect(standing(id).number).toBeGreaterThanOrEqual(FULL);
          expect(await hand(id, order(FULL + 2, FREEZE))).toMatchObject(REFUSED);
        }
        await handAll(order(FULL + 3, CHANGE, { kind: 'lift' }));
        expect(IDS.map(standing)).toEqual(IDS.map(() => ({ number: FULL + 3, frozenUntilSeconds: 0 })));
      })
      .afterEach(() => fleet.close()),
    { numRuns: 10 },
  );
  fleet = new TestFleet(3, 2, { codec, keystore, clock: () => nowMs });
});

describe('a validator that was down meanwhile', () => {
  /** Knows the first and the last of a row. */
  async function withGap(): Promise<void> {
    const [first, ...rest] = Array.from({ length: FULL }, (_, at) => order(at + 1, FREEZE));
    const last = rest.at(-1);
    if (first === undefined || last === undefined) throw new Error('a row has two ends');
    for (const signed of [first, ...rest]) for (const id of [1, 2]) await hand(id, signed);
    for (const signed of [first, last]) await hand(3, signed);
    expect(IDS.map(standing)).toEqual([standing(1), standing(1), standing(1)]);
  }

  test('may hold one renewal more, alone; the next order of the change quorum ends the difference in standing and count', async () => {
    await withGap();
    const fifth = order(FULL + 1, FREEZE);
    for (const id of [1, 2]) expect(await hand(id, fifth)).toMatchObject(REFUSED);
    expect(await hand(3, fifth)).toMatchObject({ ok: true });
    for (const id of [1, 2]) await hears(id, 3);
    expect(IDS.map((id) => standing(id).number)).toEqual([FULL, FULL, FULL + 1]);
    await handAll(order(FULL + 2, CHANGE, { kind: 'lift' }));
    for (let number = FULL + 3; number < 2 * FULL + 3; number += 1) await handAll(order(number, FREEZE));
    for (const id of IDS) expect(await hand(id, order(2 * FULL + 3, FREEZE))).toMatchObject(REFUSED);
  });
});

test('a validator follows beyond the cap what so many others hold that payouts stand still without it, so that all end at one order', async () => {
  await fillRow([1]);
  const next = order(FULL + 1, FREEZE);
  expect(await hand(1, next)).toMatchObject(REFUSED);
  for (const id of [2, 3]) expect(await hand(id, next)).toMatchObject({ ok: true });
  await hears(1, 2);
  await hears(1, 2);
  expect(standing(1).number).toBe(FULL);
  await hears(1, 3);
  expect(standing(1)).toEqual(standing(2));
});

test('a freeze quorum alone holds payouts for four terms, and then they go on', async () => {
  for (let number = 1; number <= FULL; number += 1) {
    expect(await hand(1, order(number, FREEZE, { expiresAtSeconds: now() + ORDER_SECONDS_MAX }))).toMatchObject({
      ok: true,
    });
    pass(ORDER_SECONDS_MAX - 1);
  }
  expect(await hand(1, order(FULL + 1, FREEZE))).toMatchObject(REFUSED);
  pass(1);
  expect(standing(1).frozenUntilSeconds).toBeLessThanOrEqual(now());
});
