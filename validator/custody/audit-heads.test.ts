import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { merkleRoot } from '../../domain/audit/merkle.ts';
import { type Digest, documentDigest, TAGS } from '../../domain/encoding/digest.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { openEnvelope } from '../../wire/envelope.ts';
import { AnnouncementSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { INCIDENTS_MAX, NEW_INCIDENTS_PER_DAY } from './audit-heads.ts';
import { type Reply, type RequestBody, TestFleet } from './testkit/agents.ts';

let fleet: TestFleet;
/** Days that have passed in this test. */
let dayMs = 0;
beforeAll(() => {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  fleet = new TestFleet(3, 2, { codec: transactionCodec('regtest'), keystore, clock: () => Date.now() + dayMs });
});
afterAll(() => fleet.close());

/** Digests of records: the same history begins with the same ones. */
const history = (count: number, fork = '', forkAt = 0): Digest[] =>
  Array.from({ length: count }, (_unused, at) =>
    documentDigest(TAGS.auditRecord, at >= forkAt ? `${at}${fork}` : `${at}`),
  );
const bytes = (digest: Digest): Uint8Array => fromHex(digest, 'digest', 32);

type Asked = Extract<RequestBody, { case: 'signAuditHead' }>;
const headOf = (incident: string, records: readonly Digest[]) => ({
  incident,
  count: BigInt(records.length),
  head: bytes(records.at(-1) as Digest),
  root: bytes(merkleRoot(records) as Digest),
});
const asking = (incident: string, records: readonly Digest[]): Asked => ({
  case: 'signAuditHead',
  value: { head: headOf(incident, records), records: records.map(bytes) },
});
const ask = (incident: string, records: readonly Digest[], validator = 1): Promise<Reply> =>
  fleet.ask(validator, asking(incident, records));
const codeOf = (reply: Reply): string => (reply.ok ? 'signed' : reply.code);

test('a head is signed once, again for the same records, and for records that go on from them', async () => {
  const first = await ask('incident/a', history(3));
  const again = await ask('incident/a', history(3));
  expect(first.ok && again.ok && first.bytes).toEqual(again.ok && again.bytes);
  if (!first.ok) throw new Error(first.message);
  const opened = openEnvelope(fleet.genesis, first.envelope, {
    round: Round.AUDIT_HEAD,
    keyset: '',
    ceremony: '',
    epoch: 0,
  });
  expect(opened).toMatchObject({ ok: true, value: { from: 1 } });
  expect(codeOf(await ask('incident/a', history(40)))).toBe('signed');
});

test('no second history is signed: not at the same length, not longer, not shorter, not after a crash', async () => {
  expect(codeOf(await ask('incident/b', history(10)))).toBe('signed');
  const attempts = async (): Promise<string[]> =>
    (
      await Promise.all([
        ask('incident/b', history(10, 'x', 9)),
        ask('incident/b', history(25, 'x', 0)),
        ask('incident/b', history(25, 'x', 9)),
        ask('incident/b', history(9)),
        ask('incident/b', history(10, 'x', 4)),
      ])
    ).map(codeOf);
  const no = ['fork', 'fork', 'fork', 'older', 'fork'].map((why) => `conflict.audit-head-${why}`);
  expect(await attempts()).toEqual(no);
  await fleet.crash(1);
  fleet.get(1).agent.setState('ready', []);
  expect(await attempts()).toEqual(no);
  expect(codeOf(await ask('incident/b', history(25)))).toBe('signed');
  // Another incident is another history.
  expect(codeOf(await ask('incident/c', history(10, 'x', 0)))).toBe('signed');
});

test('what it signs it has hashed itself: a head that does not follow from the records is no request', async () => {
  const head = headOf('incident/d', history(5));
  const records = history(5).map(bytes);
  const other = bytes(documentDigest(TAGS.auditRecord, 'other'));
  const broken: Asked['value'][] = [
    { records, head: { ...head, root: other } },
    { records, head: { ...head, head: other } },
    { records, head: { ...head, count: 4n } },
    { head, records: records.slice(1) },
    { head, records: [...records].reverse() },
    { head, records: [] },
    { head, records: [...records.slice(0, 4), new Uint8Array(31)] },
    { records, head: { ...head, incident: '' } },
    { records, head: { ...head, incident: 'i'.repeat(401) } },
    { records },
  ];
  for (const value of broken)
    expect(codeOf(await fleet.ask(2, { case: 'signAuditHead', value }))).toBe('input.request-malformed');
  expect(fleet.get(2).journal.auditHeads.of('incident/d')).toEqual([]);
});

test('of heads that two copies of one validator signed, every one must be continued', async () => {
  const { journal } = fleet.get(1);
  const copySigned = (incident: string, records: readonly Digest[]): void => {
    const head = { incident, count: records.length, root: merkleRoot(records) as Digest, atMs: 1 };
    journal.remembered.take({ ...journal.remembered.all(), heads: [head] }, 1);
  };
  await ask('incident/copy', history(3));
  copySigned('incident/copy', history(5));
  expect(codeOf(await ask('incident/copy', history(4)))).toBe('conflict.audit-head-older');
  expect(codeOf(await ask('incident/copy', history(6, 'x', 4)))).toBe('conflict.audit-head-fork');
  expect(codeOf(await ask('incident/copy', history(5)))).toBe('signed');
  expect(codeOf(await ask('incident/copy', history(6)))).toBe('signed');
  expect(journal.auditHeads.of('incident/copy')).toEqual([{ count: 6, root: merkleRoot(history(6)) }]);

  await ask('incident/forked', history(5));
  copySigned('incident/forked', history(2, 'x', 1));
  for (const records of [history(6), history(6, 'x', 1)])
    expect(codeOf(await ask('incident/forked', records))).toBe('conflict.audit-head-fork');
});

test('only a coordinator asks for it', async () => {
  const peer = fleet.genesis.validators[1]?.identity ?? '';
  expect(codeOf(await fleet.ask(1, asking('incident/e', history(1)), peer))).toBe('policy.peer-unlisted');
});

test('of two histories that are asked for at once one is signed', async () => {
  const asked = ['x', 'y'].map((fork) => ask('incident/at-once', history(600, fork), 2));
  expect((await Promise.all(asked)).map(codeOf)).toEqual(['signed', 'conflict.audit-head-fork']);
});

test('a long history keeps nobody else waiting, and goes on as the same one whether its beginning is remembered or not', async () => {
  const done: string[] = [];
  const long = ask('incident/long', history(2_000)).then((reply) => done.push(codeOf(reply)));
  const short = fleet.ask(1, { case: 'sayOrderState', value: {} }).then(() => done.push('orders'));
  await Promise.all([long, short]);
  expect(done).toEqual(['orders', 'signed']);
  expect(codeOf(await ask('incident/long', history(2_100, 'x', 1_999)))).toBe('conflict.audit-head-fork');
  expect(codeOf(await ask('incident/long', history(2_100)))).toBe('signed');
  const [kept] = fleet.get(1).journal.auditHeads.of('incident/long');
  expect(kept).toEqual({ count: 2_100, root: merkleRoot(history(2_100)) });
  await fleet.crash(1);
  expect(codeOf(await ask('incident/long', history(2_101, 'x', 7)))).toBe('conflict.audit-head-fork');
  expect(codeOf(await ask('incident/long', history(2_101)))).toBe('signed');
});

test('a validator that stands aside for a twin signs no head', async () => {
  const twin = fleet.twin(2);
  const { liveness } = fromBinary(AnnouncementSchema, twin.agent.announce());
  if (liveness === undefined) throw new Error('an announcement carries liveness');
  await twin.signer.stop();
  twin.journal.close();
  const peer = fleet.genesis.validators[0]?.identity;
  await fleet.ask(2, { case: 'hearTwin', value: { statement: liveness } }, peer);
  expect(codeOf(await ask('incident/twin', history(1), 2))).toBe('not-yet.identity-twice');
});

test('one coordinator brings so many new incidents in a day and no more: those it has brought go on, and the next day others', async () => {
  for (let at = 0; at < NEW_INCIDENTS_PER_DAY; at += 1)
    expect(codeOf(await ask(`made up/${at}`, history(1), 3))).toBe('signed');
  expect(codeOf(await ask('made up/one too many', history(1), 3))).toBe('policy.audit-heads-quota');
  expect(codeOf(await ask('made up/7', history(2), 3))).toBe('signed');
  dayMs += 86_400_000;
  expect(codeOf(await ask('made up/one too many', history(1), 3))).toBe('signed');
});

test('when it keeps as many incidents as it may, new ones are refused and known ones go on', async () => {
  const { journal } = fleet.get(3);
  const root = merkleRoot(history(1)) as Digest;
  journal.atOnce(() => {
    for (let at = 0; at < INCIDENTS_MAX; at += 1)
      journal.auditHeads.append(`incident/full/${at}`, { count: 1, root }, 0);
  });
  expect(codeOf(await ask('incident/new', history(1), 3))).toBe('policy.audit-heads-full');
  expect(codeOf(await ask('incident/full/7', history(2), 3))).toBe('signed');
  // Nothing was forgotten to make room: the first one cannot be signed otherwise.
  expect(codeOf(await ask('incident/full/0', history(2, 'x', 0), 3))).toBe('conflict.audit-head-fork');
});
