import { DatabaseSync } from 'node:sqlite';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ORDER_SECONDS_MAX, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import { MESSAGE_BYTES_MAX, openEnvelope } from '../../wire/envelope.ts';
import {
  AnnouncementSchema,
  OrderStateSchema,
  RequestSchema,
  Round,
  ValidatorStatusSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { POLICY, readReply, requestOf, TestFleet } from './testkit/agents.ts';
import { forge } from './testkit/forgery.ts';
import { hostKey, signOrder, testNetwork } from './testkit/network.ts';
import { statusOf } from './testkit/status.ts';

const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
let nowMs = Date.now();
let fleet: TestFleet;
const newFleet = () => new TestFleet(3, 2, { codec, keystore, clock: () => nowMs });
beforeEach(() => {
  fleet = newFleet();
});
afterEach(() => fleet.close());

const hear = (bytes: Uint8Array) => fleet.get(1).agent.hear(bytes, fleet.network.hosts[1]?.identity ?? '');
const dropped = () => fleet.get(1).agent.report().counters.dropped;
const announcement = (changes: MessageInitShape<typeof AnnouncementSchema>) =>
  toBinary(AnnouncementSchema, create(AnnouncementSchema, changes));
const livenessOf = (id: number) => {
  nowMs += 1;
  const { liveness } = fromBinary(AnnouncementSchema, fleet.get(id).agent.announce());
  if (liveness === undefined) throw new Error('an announcement carries liveness');
  return liveness;
};
const orderBytes = (order: SignedOrder) => announcement({ signedOrder: canonicalBytes(order) });

test('liveness of a peer is passed on once; the same bytes again are a duplicate, an older statement is stale', async () => {
  const older = announcement({ liveness: livenessOf(2) });
  const newer = announcement({ liveness: livenessOf(2) });
  expect(await hear(newer)).toBe('accept');
  expect(await hear(newer)).toBe('duplicate');
  expect(await hear(older)).toBe('stale');
  const late = announcement({ liveness: livenessOf(3) });
  nowMs += 601_000;
  expect(await hear(late)).toBe('stale');
  expect(dropped()).toEqual({ duplicate: 1, stale: 2 });
});

test('gossip that is oversized, malformed, unsigned, unlisted or from elsewhere is dropped under its name and counted', async () => {
  const liveness = livenessOf(2);
  const [first] = liveness.signature;
  const tampered = Uint8Array.from(liveness.signature);
  tampered[0] = (first ?? 0) ^ 1;
  expect(await hear(new Uint8Array(MESSAGE_BYTES_MAX + 1))).toBe('oversized');
  expect(await hear(new Uint8Array([255, 255, 255]))).toBe('malformed');
  expect(await hear(announcement({}))).toBe('malformed');
  expect(await hear(announcement({ liveness: { ...liveness, signature: new Uint8Array(0) } }))).toBe('unsigned');
  expect(await hear(announcement({ liveness: { ...liveness, signature: tampered } }))).toBe('unsigned');
  expect(await hear(announcement({ liveness: { ...liveness, payload: Uint8Array.from([1]) } }))).toBe('unsigned');
  expect(await hear(announcement({ liveness: { ...liveness, header: Uint8Array.from([255, 255, 255]) } }))).toBe(
    'malformed',
  );
  expect(await hear(announcement({ liveness: forge(fleet, liveness, (payload) => void payload.fill(0xff)) }))).toBe(
    'malformed',
  );
  const drill = { ...fleet.genesis, environment: 'drill' as const };
  expect(await hear(announcement({ liveness: statusOf(fleet.network, drill, 2, nowMs) }))).toBe('environment');
  expect(await hear(announcement({ liveness: statusOf(fleet.network, fleet.genesis, 99, nowMs) }))).toBe('unlisted');
  expect(
    await hear(announcement({ liveness: statusOf(fleet.network, fleet.genesis, 2, nowMs, Round.ORDER_STATE) })),
  ).toBe('stale');
  expect(await hear(announcement({ signedOrder: Buffer.from('{}') }))).toBe('malformed');
  expect(Object.values(dropped()).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(12);
  expect(dropped()).toMatchObject({ oversized: 1, environment: 1, unlisted: 1 });
});

test('an order is obeyed however it arrives, written down, told to listeners once, and heard again without effect', async () => {
  const told: number[] = [];
  fleet.get(1).agent.onNews((news) => news.kind === 'order' && told.push(news.order.order.number));
  const freeze = signOrder(
    fleet.network,
    { number: 5, kind: 'freeze', expiresAtSeconds: Math.floor(nowMs / 1000) + 600 },
    2,
  );
  expect(await hear(orderBytes(freeze))).toBe('accept');
  expect(
    await hear(
      announcement({ signedOrder: encodeDocument({ ...freeze, signatures: freeze.signatures.toReversed() }) }),
    ),
  ).toBe('ignore');
  expect(await fleet.get(1).agent.obey(freeze)).toEqual({
    number: 5,
    frozenUntilSeconds: freeze.order.expiresAtSeconds,
  });
  expect(told).toEqual([5]);
  await fleet.crash(1);
  expect(fleet.get(1).agent.report().orders.number).toBe(5);
});

test.each([
  ['too few signatures', 'unsigned', { number: 6 }, 1],
  ['another environment', 'environment', { number: 6, environment: 'production' as const }, 3],
  ['an expiry in the past', 'stale', { number: 6, expiresAtSeconds: 1 }, 3],
  ['a lower number', 'ignore', { number: 4 }, 3],
  ['another committee epoch', 'stale', { number: 6, committeeEpoch: 9 }, 3],
] as const)('an order with %s is not obeyed', async (_, verdict, changes, signers) => {
  await fleet.get(1).agent.obey(signOrder(fleet.network, { number: 5 }, 2));
  expect(await hear(orderBytes(signOrder(fleet.network, changes, signers)))).toBe(verdict);
  expect(fleet.get(1).agent.report().orders.number).toBe(5);
});

test('a lift needs the larger quorum, and lower numbers stay behind it', async () => {
  const { agent } = fleet.get(1);
  await agent.obey(signOrder(fleet.network, { number: 5 }, 2));
  await expect(agent.obey(signOrder(fleet.network, { number: 6, kind: 'lift' }, 2))).rejects.toMatchObject({
    code: 'policy.order-quorum',
  });
  expect(await agent.obey(signOrder(fleet.network, { number: 6, kind: 'lift' }, 3))).toEqual({
    number: 6,
    frozenUntilSeconds: 0,
  });
  await expect(agent.obey(signOrder(fleet.network, { number: 5 }, 3))).rejects.toMatchObject({
    code: 'conflict.order-number',
  });
});

test('an invented order of the number in force is only refused; one with a quorum that ranks below is a fork and recorded', async () => {
  const ask = (order: SignedOrder) =>
    fleet.ask(1, { case: 'obeyOrder', value: { signedOrder: encodeDocument(order) } });
  const [above, below] = ranked([signOrder(fleet.network, { number: 5 }, 2), sameNumber({ reason: 'another' }, 2)]);
  expect(await ask(above)).toMatchObject({ ok: true });
  expect(await ask({ ...below, signatures: below.signatures.slice(1) })).toMatchObject({ code: 'policy.order-quorum' });
  expect(await ask(below)).toMatchObject({ code: 'conflict.order-fork' });
  expect(fleet.get(1).journal.refusals.latest(1)).toMatchObject([{ code: 'conflict.order-fork' }]);
  const unsigned = sameNumber({ expiresAtSeconds: above.order.expiresAtSeconds + 60 }, 1);
  expect(await ask(unsigned)).toMatchObject({ code: 'policy.order-quorum' });
});

const sameNumber = (changes: Partial<SignedOrder['order']>, signers: number) =>
  signOrder(fleet.network, { number: 5, ...changes }, signers);
const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
/** The smaller digest first. */
const ranked = ([a, b]: readonly [SignedOrder, SignedOrder]): readonly [SignedOrder, SignedOrder] =>
  orderDigest(a.order) < orderDigest(b.order) ? [a, b] : [b, a];

test.each([
  ['a freeze and a lift: the freeze', () => [sameNumber({}, 2), sameNumber({ kind: 'lift' }, 3)]],
  [
    'two freezes: the longer one',
    () => [sameNumber({ expiresAtSeconds: inAnHour + 1 }, 2), sameNumber({ expiresAtSeconds: inAnHour }, 2)],
  ],
  ['two freezes of one length: the smaller digest', () => ranked([sameNumber({}, 2), sameNumber({ reason: 'b' }, 2)])],
  [
    'two lifts: the smaller digest',
    () => ranked([sameNumber({ kind: 'lift' }, 3), sameNumber({ kind: 'lift', reason: 'b' }, 3)]),
  ],
] as const)(
  'of two orders with one number all validators end at the same, whichever came first: %s',
  async (_, make) => {
    const [winner, loser] = make();
    if (winner === undefined || loser === undefined) throw new Error('two orders are made');
    const heardBy2: string[] = [];
    fleet.get(2).agent.onNews((news) => news.kind === 'order' && heardBy2.push(orderDigest(news.order.order)));
    await fleet.get(1).agent.obey(winner);
    await fleet.get(2).agent.obey(loser);
    // The loser is obeyed and told already; the liveness of the other side turns this one round, and it tells the winner too.
    const passOn = async (to: number, from: number) =>
      fleet
        .get(to)
        .agent.hear(announcement({ liveness: livenessOf(from) }), fleet.network.hosts[from - 1]?.identity ?? '');
    await passOn(1, 2);
    await passOn(2, 1);
    await passOn(1, 2);
    expect(heardBy2).toEqual([orderDigest(loser.order), orderDigest(winner.order)]);
    for (const id of [1, 2]) {
      expect(fleet.get(id).journal.orders.current()).toMatchObject({ digest: orderDigest(winner.order) });
      // The other one stays on disk: somebody signed twice, and whoever asks who must find it.
      const evidence = { kind: 'order', number: 5, digest: orderDigest(loser.order), document: loser };
      expect(fleet.get(id).journal.doubleSigned.list()).toEqual([evidence]);
      await fleet.crash(id);
      expect(fleet.get(id).journal.orders.current()?.state).toEqual({
        number: 5,
        frozenUntilSeconds: winner.order.kind === 'freeze' ? winner.order.expiresAtSeconds : 0,
      });
    }
  },
);

test('what a peer passes on in good faith is not held against it: the other order of one number, one by a clock that is ahead', async () => {
  const [above, below] = ranked([sameNumber({}, 2), sameNumber({ reason: 'another' }, 2)]);
  expect(await hear(orderBytes(above))).toBe('accept');
  expect(await hear(orderBytes(below))).toBe('ignore');
  const nowSeconds = Math.floor(nowMs / 1_000);
  const expiresAtSeconds = nowSeconds + ORDER_SECONDS_MAX + 2;
  const longest = signOrder(fleet.network, { number: 6, expiresAtSeconds }, 2);
  expect(await hear(orderBytes(longest))).toBe('stale');
  expect(await hear(orderBytes(signOrder(fleet.network, { number: nowSeconds + 2 }, 2)))).toBe('stale');
  expect(fleet.get(1).agent.report().orders.number).toBe(5);
  expect(dropped()).not.toHaveProperty('malformed');
  nowMs += 5_000;
  await fleet.get(2).agent.obey(longest);
  await hear(announcement({ liveness: livenessOf(2) }));
  expect(fleet.get(1).agent.report().orders.number).toBe(6);
});

test('a peer that stands at a later order brings it along with its liveness', async () => {
  await fleet.get(2).agent.obey(signOrder(fleet.network, { number: 7 }, 2));
  expect(await hear(announcement({ liveness: livenessOf(2) }))).toBe('accept');
  expect(fleet.get(1).agent.report().orders.number).toBe(7);
  const reply = await fleet.ask(1, { case: 'sayOrderState', value: {} });
  const opened = reply.ok && openEnvelope(fleet.genesis, reply.envelope, { round: Round.ORDER_STATE });
  const payload = opened && opened.ok ? opened.value.payload : new Uint8Array();
  expect(fromBinary(OrderStateSchema, payload)).toMatchObject({ number: 7n });
});

describe('a validator that was away while a lift could be presented', () => {
  const lift = () =>
    signOrder(fleet.network, { number: 6, kind: 'lift', expiresAtSeconds: Math.floor(nowMs / 1000) + 60 }, 3);

  /** Validator 1 hears the freeze, the others the lift as well; then its time is over. */
  async function away(): Promise<SignedOrder> {
    const [freeze, lifted] = [signOrder(fleet.network, { number: 5 }, 2), lift()];
    for (const { agent } of fleet.agents) await agent.obey(freeze);
    for (const { agent } of fleet.agents.slice(1)) await agent.obey(lifted);
    nowMs += 120_000;
    expect(await hear(orderBytes(lifted))).toBe('stale');
    return lifted;
  }

  test('follows it once as many peers as it takes to sign say that they stand at it', async () => {
    await away();
    const { threshold } = fleet.genesis;
    for (let peer = 2; peer <= threshold; peer += 1) {
      await hear(announcement({ liveness: livenessOf(peer) }));
      // The same peer once more is no second one.
      await hear(announcement({ liveness: livenessOf(peer) }));
      expect(fleet.get(1).agent.report().orders.number).toBe(5);
    }
    await hear(announcement({ liveness: livenessOf(threshold + 1) }));
    expect(fleet.get(1).agent.report().orders).toEqual({ number: 6, frozenUntilSeconds: 0 });
  });

  test('does not count peers that spoke long ago', async () => {
    await away();
    const { threshold } = fleet.genesis;
    for (let peer = 2; peer <= threshold; peer += 1) await hear(announcement({ liveness: livenessOf(peer) }));
    nowMs += 601_000;
    await hear(announcement({ liveness: livenessOf(threshold + 1) }));
    expect(fleet.get(1).agent.report().orders.number).toBe(5);
  });
});

test('orders and status are answered in every state, ceremonies only when ready', async () => {
  const { agent } = fleet.get(1);
  const freeze = encodeDocument(signOrder(fleet.network, { number: 1 }, 2));
  for (const state of ['initialising', 'syncing', 'joining', 'degraded', 'draining', 'halted'] as const) {
    agent.setState(state, ['test']);
    expect(await fleet.ask(1, { case: 'obeyOrder', value: { signedOrder: freeze } })).toMatchObject({ ok: true });
    expect(await fleet.ask(1, { case: 'sayStatus', value: {} })).toMatchObject({ ok: true });
    const commitments = { ceremony: `signing-${'0'.repeat(32)}`, keyset: 'ab'.repeat(16), count: 1 };
    expect(await fleet.ask(1, { case: 'giveCommitments', value: commitments })).toMatchObject({
      code: 'not-yet.agent-state',
    });
  }
});

test('requests of strangers, of other networks and versions, oversized and malformed ones are refused at the door and counted', async () => {
  const { agent } = fleet.get(1);
  const { environment, name: network } = fleet.genesis;
  const coordinator = fleet.network.coordinator.identity;
  const sayStatus = { case: 'sayStatus', value: {} } as const;
  const request = (changes: object) =>
    toBinary(
      RequestSchema,
      create(RequestSchema, { wireVersion: 1, environment, network, body: sayStatus, ...changes }),
    );
  const ask = async (bytes: Uint8Array, peer = coordinator) => readReply(await agent.handle(bytes, peer));
  expect(await ask(requestOf(fleet.genesis, sayStatus), hostKey().identity)).toMatchObject({
    code: 'policy.peer-unlisted',
  });
  expect(await ask(request({ wireVersion: 2 }))).toMatchObject({ code: 'input.request-version' });
  expect(await ask(request({ environment: 'production' }))).toMatchObject({ code: 'policy.request-environment' });
  expect(await ask(request({ network: 'other' }))).toMatchObject({ code: 'policy.request-environment' });
  expect(await ask(new Uint8Array(MESSAGE_BYTES_MAX + 1))).toMatchObject({ code: 'input.request-oversized' });
  expect(await ask(new Uint8Array([250, 1, 2]))).toMatchObject({ code: 'input.request-malformed' });
  expect(await ask(request({ body: undefined }))).toMatchObject({ code: 'input.request-malformed' });
  expect(await ask(requestOf(fleet.genesis, sayStatus), fleet.network.hosts[2]?.identity)).toMatchObject({ ok: true });
  expect(dropped()).toEqual({ unlisted: 1, version: 1, environment: 2, oversized: 1, malformed: 2 });
  expect(agent.report().counters.refusals).toMatchObject({ 'policy.peer-unlisted': 1, 'input.request-malformed': 2 });
});

test('a validator is not a coordinator: it cannot make others spend nonces, begin keys or search the chain', async () => {
  const other = fleet.network.hosts[2]?.identity;
  const keyset = 'ab'.repeat(16);
  const value = { ceremony: `signing-${'0'.repeat(32)}`, keyset, count: 100 };
  for (const body of [
    { case: 'giveCommitments', value } as const,
    { case: 'startKeygen', value: { parameters: new Uint8Array(1) } } as const,
    { case: 'holdTerms', value: { keyset, watchFromHeight: 0 } } as const,
  ]) {
    expect(await fleet.ask(1, body, other)).toMatchObject({ code: 'policy.peer-unlisted' });
    expect(await fleet.ask(1, body)).not.toMatchObject({ code: 'policy.peer-unlisted' });
  }
});

test('an order that could not be written down is obeyed when it is heard again', async () => {
  const { orders } = fleet.get(1).journal;
  const { append } = orders;
  const full = () => {
    throw new FirebreakFailure('unavailable.journal-full', 'no space left');
  };
  Object.assign(orders, { append: full });
  const freeze = orderBytes(signOrder(fleet.network, { number: 8 }, 2));
  await expect(hear(freeze)).rejects.toMatchObject({ code: 'unavailable.journal-full' });
  Object.assign(orders, { append });
  expect(await hear(freeze)).toBe('accept');
});

test('a changed row in the journal halts the validator, which says so and signs nothing more', async () => {
  const { agent, journal } = fleet.get(1);
  const freeze = signOrder(fleet.network, { number: 3 }, 2);
  await agent.obey(freeze);
  const vandal = new DatabaseSync(journal.file);
  vandal.exec('UPDATE orders SET frozen_until = 0');
  vandal.close();
  expect(await fleet.ask(1, { case: 'sayOrderState', value: {} })).toMatchObject({ code: 'policy.journal-damaged' });
  agent.setState('ready', []);
  expect(agent.report()).toMatchObject({
    state: 'halted',
    reasons: [expect.stringContaining('policy.journal-damaged')],
  });
  const status = await fleet.ask(1, { case: 'sayStatus', value: {} });
  const said = status.ok ? fromBinary(ValidatorStatusSchema, status.envelope.payload).state : '';
  expect(said).toBe('halted');
  const commitments = { ceremony: `signing-${'0'.repeat(32)}`, keyset: 'ab'.repeat(16), count: 1 };
  expect(await fleet.ask(1, { case: 'giveCommitments', value: commitments })).toMatchObject({
    code: 'not-yet.agent-state',
  });
});

test('an agent with an identity that is not in the roster is not created', async () => {
  const { createAgent } = await import('./create-agent.ts');
  const other = testNetwork(3, 2);
  const { journal, signer, chain } = fleet.get(1);
  expect(() =>
    createAgent({
      genesis: other.genesis,
      self: fleet.get(1).id,
      identity: fleet.network.coordinator.key,
      journal,
      signer,
      chain: chain.view(),
      codec,
      fees: chain.fees(),
      policy: POLICY,
      clock: Date.now,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      version: 'test',
    }),
  ).toThrow('not that of validator 1');
});
