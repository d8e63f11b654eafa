import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { epochDigest, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { openEnvelope } from '../../wire/envelope.ts';
import {
  AnnouncementSchema,
  type CommitteeState,
  CommitteeStateSchema,
  Round,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { POLICY, TestFleet } from './testkit/agents.ts';
import { nextCommittee, pinnedCommittee, type Seated, signEpoch } from './testkit/committee.ts';
import { hostKey, signOrder, testNetwork } from './testkit/network.ts';

const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
let nowMs = Date.now();
let fleet: TestFleet;
let first: Seated;
let second: Seated;
let third: Seated;
/** One member leaves with each hand-over, and one comes. */
let epochs: readonly [SignedEpoch, SignedEpoch];
beforeEach(() => {
  fleet = new TestFleet(3, 2, { codec, keystore, clock: () => nowMs });
  first = pinnedCommittee(fleet.network);
  second = nextCommittee(first, [...first.keys.slice(1), hostKey()]);
  third = nextCommittee(second, [...second.keys.slice(1), hostKey()]);
  epochs = [signEpoch(fleet.network, first, second), signEpoch(fleet.network, second, third)];
});
afterEach(() => fleet.close());

const hand = (signed: readonly SignedEpoch[], id = 1) =>
  fleet.ask(id, { case: 'handEpochs', value: { signedEpochs: signed.map(canonicalBytes) } });
const obey = (order: Parameters<typeof signOrder>[1], by: Seated, id = 1) =>
  fleet.ask(id, {
    case: 'obeyOrder',
    value: {
      signedOrder: canonicalBytes(
        signOrder({ ...fleet.network, committee: by.keys }, { committeeEpoch: by.committee.epoch, ...order }, 3),
      ),
    },
  });
async function committeeOf(id: number, afterEpoch = 0): Promise<CommitteeState> {
  const reply = await fleet.ask(id, { case: 'sayCommittee', value: { afterEpoch } });
  const opened = reply.ok ? openEnvelope(fleet.genesis, reply.envelope, { round: Round.COMMITTEE_STATE }) : undefined;
  if (opened?.ok !== true) throw new Error('a validator says which committee it obeys');
  return fromBinary(CommitteeStateSchema, opened.value.payload);
}
const epochOf = (id: number): number => fleet.get(id).agent.report().committee.epoch;
const gossip = (from: number, to: number, epoch: SignedEpoch) =>
  fleet
    .get(to)
    .agent.hear(
      toBinary(AnnouncementSchema, create(AnnouncementSchema, { signedEpochs: [canonicalBytes(epoch)] })),
      fleet.network.hosts[from - 1]?.identity ?? '',
    );

test('a chain of hand-overs leads to the present committee, also after a restart, and can be asked for from anywhere on the way', async () => {
  expect(await hand(epochs)).toMatchObject({ ok: true });
  expect(epochOf(1)).toBe(3);
  await fleet.crash(1);
  expect(epochOf(1)).toBe(3);
  expect((await committeeOf(1)).signedEpochs).toHaveLength(2);
  expect((await committeeOf(1, 2)).signedEpochs.map((bytes) => Buffer.from(bytes).toString())).toEqual([
    Buffer.from(canonicalBytes(epochs[1])).toString(),
  ]);
  expect(await committeeOf(1, 0xffff_ffff)).toMatchObject({ epoch: 3, signedEpochs: [] });
});

test('what is known already says nothing, and is no refusal', async () => {
  await hand([epochs[0]]);
  expect(await hand(epochs)).toMatchObject({ ok: true });
  expect(await hand(epochs)).toMatchObject({ ok: true });
  expect(epochOf(1)).toBe(3);
});

test('after a hand-over the new committee is obeyed and the former one is not; what it ordered before stays in force', async () => {
  await obey({ number: 5 }, first);
  await hand([epochs[0]]);
  expect(fleet.get(1).agent.report().orders.number).toBe(5);
  expect(fleet.get(1).agent.report().orders.frozenUntilSeconds).toBeGreaterThan(nowMs / 1_000);
  expect(await obey({ number: 6, kind: 'lift' }, first)).toMatchObject({ code: 'policy.order-epoch' });
  // Signatures of the former committee under the number of the present one are strangers' signatures.
  expect(await obey({ number: 6, kind: 'lift', committeeEpoch: 2 }, first)).toMatchObject({
    code: 'policy.order-quorum',
  });
  expect(await obey({ number: 6, kind: 'lift' }, second)).toMatchObject({ ok: true });
  expect(fleet.get(1).agent.report().orders).toEqual({ number: 6, frozenUntilSeconds: 0 });
});

test.each<[string, string, () => SignedEpoch]>([
  [
    'for another network',
    'policy.epoch-environment',
    () => signEpoch(fleet.network, first, second, { network: 'other' }),
  ],
  ['that skips one', 'policy.epoch-number', () => epochs[1]],
  [
    'that follows another committee',
    'policy.epoch-previous',
    () => signEpoch(fleet.network, nextCommittee(first, [hostKey(), hostKey(), hostKey()]), second, {}, first.keys),
  ],
  [
    'that could be split in two',
    'policy.committee-rules',
    () =>
      signEpoch(fleet.network, first, {
        ...second,
        committee: { ...second.committee, quorum: { freeze: 1, lift: 1, change: 1 } },
      }),
  ],
  [
    'without a quorum of the one before',
    'policy.epoch-quorum',
    () => signEpoch(fleet.network, first, second, {}, second.keys),
  ],
  [
    'of members who have not shown their keys',
    'policy.epoch-unproven',
    () => signEpoch(fleet.network, first, second, {}, first.keys),
  ],
  [
    'with a signature of a stranger',
    'policy.epoch-stranger',
    () => signEpoch(fleet.network, first, second, {}, [...first.keys, ...second.keys.slice(2), hostKey()]),
  ],
  [
    'signed twice by one key',
    'conflict.epoch-repeated',
    () => ({ ...epochs[0], signatures: [...epochs[0].signatures, ...epochs[0].signatures.slice(0, 1)] }),
  ],
  [
    'that was altered after it was signed',
    'policy.epoch-signature',
    () => ({ ...epochs[0], epoch: { ...epochs[0].epoch, reason: 'another' } }),
  ],
])('an epoch %s is refused, and the pinned committee stays', async (_, code, make) => {
  expect(await hand([make()])).toMatchObject({ ok: false, code });
  expect(await gossip(2, 1, make())).not.toBe('accept');
  expect(epochOf(1)).toBe(1);
  expect(fleet.get(1).journal.epochs.list()).toEqual([]);
});

test('epochs that lead on are kept when a later one of the same message is refused', async () => {
  const broken = { ...epochs[1], signatures: epochs[1].signatures.slice(1) };
  expect(await hand([epochs[0], broken])).toMatchObject({ ok: false });
  expect(epochOf(1)).toBe(2);
});

test('of two successors the first one heard is obeyed, and both stay in the journal as evidence', async () => {
  const other = nextCommittee(first, [...first.keys.slice(0, 2), hostKey()]);
  const rival = signEpoch(fleet.network, first, other);
  await hand([epochs[0]]);
  expect(await hand([rival])).toMatchObject({ code: 'conflict.epoch-fork' });
  expect(await hand([rival])).toMatchObject({ code: 'conflict.epoch-fork' });
  expect(await gossip(2, 1, rival)).toBe('ignore');
  expect(epochOf(1)).toBe(2);
  await fleet.crash(1);
  expect(fleet.get(1).journal.doubleSigned.list()).toMatchObject([
    { kind: 'epoch', number: 2, digest: epochDigest(rival.epoch) },
  ]);
  expect(fleet.get(1).agent.report().doubleSigned).toBe(1);
  // Anybody can invent a successor; only one that carries the quorums says something about the committee.
  const invented = { ...rival, signatures: rival.signatures.slice(2) };
  expect(await hand([invented])).toMatchObject({ code: 'policy.epoch-quorum' });
});

test('an epoch that is heard is obeyed and told once', async () => {
  const told: number[] = [];
  fleet.get(1).agent.onNews((news) => news.kind === 'epoch' && told.push(news.epoch.epoch.committee.epoch));
  expect(await gossip(2, 1, epochs[0])).toBe('accept');
  expect(await gossip(3, 1, { ...epochs[0], signatures: epochs[0].signatures.toReversed() })).toBe('ignore');
  expect(told).toEqual([2]);
});

test('liveness of a peer that obeys a later committee says whom to ask', async () => {
  const behind: number[] = [];
  fleet.get(1).agent.onBehind((validator) => behind.push(validator));
  const liveness = async (from: number) => {
    nowMs += 1;
    await fleet.get(1).agent.hear(fleet.get(from).agent.announce(), fleet.network.hosts[from - 1]?.identity ?? '');
  };
  await liveness(2);
  await hand([epochs[0]], 2);
  await liveness(2);
  expect(behind).toEqual([2]);
});

test('an epoch that could not be written down does not count, and is obeyed when it comes again', async () => {
  const { epochs: journalled } = fleet.get(1).journal;
  const { append } = journalled;
  Object.assign(journalled, {
    append: () => {
      throw new Error('no space left');
    },
  });
  expect(await hand([epochs[0]])).toMatchObject({ ok: false });
  expect(epochOf(1)).toBe(1);
  Object.assign(journalled, { append });
  expect(await hand([epochs[0]])).toMatchObject({ ok: true });
  expect(epochOf(1)).toBe(2);
});

test('validators ask each other for epochs and hand them on', async () => {
  const peer = fleet.network.hosts[1]?.identity ?? '';
  const value = { signedEpochs: [canonicalBytes(epochs[0])] };
  expect(await fleet.ask(1, { case: 'handEpochs', value }, peer)).toMatchObject({ ok: true });
  expect(await fleet.ask(1, { case: 'sayCommittee', value: {} }, peer)).toMatchObject({ ok: true });
  expect(await fleet.ask(1, { case: 'handEpochs', value }, hostKey().identity)).toMatchObject({
    code: 'policy.peer-unlisted',
  });
});

test('a journal whose epochs do not lead on from the pinned committee keeps the validator from starting', async () => {
  await hand(epochs);
  const { createAgent } = await import('./create-agent.ts');
  const { journal, signer, chain } = fleet.get(1);
  const start = (committee: Seated['committee']) =>
    createAgent({
      genesis: { ...fleet.genesis, committee },
      self: fleet.get(1).id,
      identity: fleet.network.hosts[0]?.key ?? hostKey().key,
      journal,
      signer,
      chain: chain.view(),
      codec,
      fees: chain.fees(),
      policy: POLICY,
      clock: Date.now,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      version: 'test',
    });
  expect(() => start(testNetwork(3, 2).genesis.committee)).toThrow(
    expect.objectContaining({ code: 'policy.epoch-previous' }),
  );
  // Whoever pins a later committee of the same walk starts from there.
  expect(start(second.committee).report().committee.epoch).toBe(3);
});
