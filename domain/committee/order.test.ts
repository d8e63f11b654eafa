import { expect, test } from '@jest/globals';
import {
  authorityOf,
  ballotBy,
  digestNamed,
  genesis,
  handOver,
  NOW,
  seats,
  subjectFor,
} from '../approval/testkit/voting.ts';
import {
  countSignatures,
  judgeOrder,
  NO_ORDER,
  ORDER_SECONDS_MAX,
  type Order,
  orderDigest,
  type OrderRefusal,
  type OrderState,
  type SignedOrder,
} from './order.ts';
import { committeeOf, deputy, principal, signaturesBy, type TestKey, testKey } from './testkit/keys.ts';

const freeze: Order = {
  version: 1,
  kind: 'freeze',
  environment: genesis.environment,
  network: genesis.name,
  committeeEpoch: 1,
  number: 5,
  scope: 'payouts',
  reason: 'key of validator 3 may be out',
  expiresAtSeconds: NOW + 3_600,
};
const lift: Order = { ...freeze, kind: 'lift', reason: 'all clear' };
const three = seats(3).map(principal);
const seven = seats(7).map(principal);
const signed = (order: Order, signers: readonly TestKey[] = order.kind === 'freeze' ? three : seven): SignedOrder => ({
  order,
  signatures: signaturesBy(signers, orderDigest(order)),
});
const judge = (order: SignedOrder, current: OrderState = NO_ORDER, now = NOW) =>
  judgeOrder(order, genesis, current, now);

test('three seats freeze and seven lift, whatever kind of key they hold', () => {
  expect(judge(signed(freeze))).toEqual({ ok: true, value: { number: 5, frozenUntilSeconds: NOW + 3_600 } });
  expect(judge(signed(lift))).toEqual({ ok: true, value: { number: 5, frozenUntilSeconds: 0 } });
});

test('a deputy signs for its seat', () => {
  expect(judge(signed(freeze, [deputy(0), principal(1), principal(2)])).ok).toBe(true);
});

test('a committee of a genesis that knows neither algorithms, deputies nor a change quorum is obeyed as before', () => {
  const keys = ['ann', 'bo', 'cy'].map((name) => testKey(name));
  const committee = { epoch: 1, members: keys.map(({ listed }) => listed), quorum: { freeze: 2, lift: 3 } };
  const pinned = { ...genesis, committee };
  expect(judgeOrder(signed(freeze, keys.slice(0, 2)), pinned, NO_ORDER, NOW).ok).toBe(true);
  expect(judgeOrder(signed(lift, keys.slice(0, 2)), pinned, NO_ORDER, NOW)).toMatchObject({
    refusal: { code: 'policy.order-quorum', details: { have: 2, need: 3 } },
  });
});

test('after a hand-over the present committee orders, and the one before no longer', () => {
  const { committee } = authorityOf(genesis, [handOver]);
  const present = { ...genesis, committee };
  const order = { ...freeze, committeeEpoch: 2 };
  expect(judgeOrder(signed(order, seats(3, 8).map(principal)), present, NO_ORDER, NOW).ok).toBe(true);
  expect(judgeOrder(signed(freeze), present, NO_ORDER, NOW)).toMatchObject({ refusal: { code: 'policy.order-epoch' } });
});

test('of an order that was changed after it was signed it is said that its signatures count for nothing', () => {
  const forged = { order: { ...freeze, expiresAtSeconds: NOW + 86_400 }, signatures: signed(freeze, three).signatures };
  const messageOf = (order: SignedOrder) => {
    const judged = judge(order);
    return judged.ok ? 'obeyed' : judged.refusal.message;
  };
  expect(messageOf(forged)).toMatch(/^order has 0 of 3 signatures; 3 more count for nothing/);
  expect(messageOf(signed(freeze, [principal(0), deputy(0)]))).toMatch(/^order has 1 of 3 signatures; 1 more count /);
  expect(messageOf(signed(freeze, three.slice(1)))).toBe('order has 2 of 3 signatures');
});

type Attack = readonly [string, OrderRefusal, () => ReturnType<typeof judge>];
const quorum = (order: SignedOrder) => () => judge(order);
const attacks: readonly Attack[] = [
  ['a lift with the signatures of a freeze quorum', 'policy.order-quorum', quorum(signed(lift, three))],
  [
    'a freeze relabelled as a lift',
    'policy.order-quorum',
    quorum({ order: lift, signatures: signed(freeze, seven).signatures }),
  ],
  [
    'principal and deputy as two seats',
    'policy.order-quorum',
    quorum(signed(freeze, [principal(0), deputy(0), principal(1)])),
  ],
  ['one member three times', 'policy.order-quorum', quorum(signed(freeze, [principal(3), principal(3), principal(3)]))],
  [
    'strangers',
    'policy.order-quorum',
    quorum(
      signed(
        freeze,
        ['a', 'b', 'c'].map((name) => testKey(name)),
      ),
    ),
  ],
  [
    'a member of a later committee',
    'policy.order-quorum',
    quorum(signed(freeze, [principal(0), principal(1), principal(10)])),
  ],
  [
    'votes on a freeze as signatures of an order',
    'policy.order-quorum',
    () => {
      const subject = subjectFor(authorityOf(genesis, []), { class: 'freeze', arguments: digestNamed('freeze') });
      const ballots = three.map((key) => ballotBy(key, subject));
      return judge({
        order: freeze,
        signatures: ballots.map(({ voter, signature }) => ({ member: voter, signature })),
      });
    },
  ],
  [
    'an expiry moved after signing',
    'policy.order-quorum',
    quorum({ order: { ...freeze, expiresAtSeconds: NOW + 86_400 }, signatures: signed(freeze).signatures }),
  ],
  ['an order of a drill', 'policy.order-environment', quorum(signed({ ...freeze, environment: 'drill' }))],
  ['an order of another network', 'policy.order-environment', quorum(signed({ ...freeze, network: 'mainland' }))],
  ['an order of another epoch', 'policy.order-epoch', quorum(signed({ ...freeze, committeeEpoch: 2 }))],
  ['an order about something else', 'policy.order-scope', quorum(signed({ ...freeze, scope: 'sweeps' as 'payouts' }))],
  [
    'an order that was overtaken',
    'conflict.order-number',
    () => judge(signed(freeze), { number: 6, frozenUntilSeconds: 0 }),
  ],
  [
    'an order presented again after the next one',
    'conflict.order-number',
    () => judge(signed(freeze), { number: 5, frozenUntilSeconds: 0 }),
  ],
  [
    'an order that would hold for more than ninety days',
    'policy.order-term',
    quorum(signed({ ...freeze, expiresAtSeconds: NOW + ORDER_SECONDS_MAX + 1 })),
  ],
  ['an order that would use up the numbers', 'policy.order-number', quorum(signed({ ...freeze, number: NOW + 1 }))],
  ['an order in the second of its expiry', 'policy.order-expired', () => judge(signed(freeze), NO_ORDER, NOW + 3_600)],
];

test.each(attacks)('refused among orders: %s', (_name, code, act) => {
  expect(act()).toMatchObject({ ok: false, refusal: { code } });
});

test('a signature counts for the key that made it only, also when two algorithms share the bytes of a key', () => {
  const listed = committeeOf(1, seats(10));
  const twisted = {
    ...listed,
    members: listed.members.map((member, seat) =>
      seat === 3 ? { ...member, algorithm: 'secp256k1' as const } : member,
    ),
  };
  expect(countSignatures(signed(freeze, [principal(3)]), listed)).toBe(1);
  expect(countSignatures(signed(freeze, [principal(3)]), twisted)).toBe(0);
});
