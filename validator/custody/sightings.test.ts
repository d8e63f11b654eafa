import { randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgePair } from '../../domain/network/sighting.ts';
import { validatorId } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { MESSAGE_BYTES_MAX, openEnvelope, sealEnvelope } from '../../wire/envelope.ts';
import {
  AnnouncementSchema,
  type Envelope,
  Round,
  SightingsSchema,
  ValidatorStatusSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentReport } from './agent.ts';
import { sightingsStatement } from './sighting-statement.ts';
import { hearStatus, SIGHTING_MS, Sightings, STATEMENT_BYTES_MAX } from './sightings.ts';
import { beginSpeaking, speakerOf } from './speaker.ts';
import { SILENT, type TestAgent, TestFleet } from './testkit/agents.ts';
import { keygenParameters, makeKey } from './testkit/ceremonies.ts';
import { statusOf } from './testkit/status.ts';

const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
const STARTED_MS = 1_790_000_000_000;
let nowMs = STARTED_MS;
let fleet: TestFleet;
let twins: TestAgent[] = [];
beforeEach(() => {
  nowMs = STARTED_MS;
  fleet = new TestFleet(3, 2, { codec, keystore, clock: () => nowMs });
});
afterEach(async () => {
  for (const { agent, journal, signer } of twins) {
    await agent.stop();
    await signer.stop();
    journal.close();
  }
  twins = [];
  await fleet.close();
});

const copyOf = (id: number): TestAgent => {
  nowMs += 1_000;
  const twin = fleet.twin(id);
  twins.push(twin);
  return twin;
};
/** What this process says a second later. */
const said = ({ agent }: TestAgent): Envelope => {
  nowMs += 1_000;
  const { liveness } = fromBinary(AnnouncementSchema, agent.announce());
  if (liveness === undefined) throw new Error('an announcement carries liveness');
  return liveness;
};
const hear = (statement: Envelope, at = 1) => fleet.get(at).agent.hearStatus(statement);
const seen = (at = 1): AgentReport['sightings'] => fleet.get(at).agent.report().sightings;
const speakerIn = (statement: Envelope) => {
  const speaker = speakerOf(fromBinary(ValidatorStatusSchema, statement.payload));
  if (speaker === undefined) throw new Error('the statement names no speaker');
  return speaker;
};

test('two processes of one identity that take turns are seen by a peer, with two statements that prove it to anyone', async () => {
  const twin = copyOf(2);
  hear(said(fleet.get(2)));
  hear(said(twin));
  expect(seen()).toEqual([]);
  hear(said(fleet.get(2)));
  expect(seen()).toMatchObject([{ validator: 2, addresses: 2, journals: 1, isNow: true, times: 1 }]);

  const proof = await fleet.ask(1, { case: 'saySightings', value: { validator: 2 } });
  if (!proof.ok) throw new Error(proof.message);
  const { sightings } = fromBinary(SightingsSchema, proof.envelope.payload);
  const [one, other] = sightings[0]?.statements ?? [];
  if (one === undefined || other === undefined) throw new Error('a sighting carries two statements');
  for (const statement of [one, other])
    expect(openEnvelope(fleet.genesis, statement, { round: Round.STATUS })).toMatchObject({
      ok: true,
      value: { from: 2 },
    });
  expect(judgePair(speakerIn(one), speakerIn(other))).toBe('twice');
});

test('gossip shows it as well', async () => {
  const twin = copyOf(2);
  for (const agent of [fleet.get(2), twin, fleet.get(2)]) {
    nowMs += 1_000;
    await fleet.get(1).agent.hear(agent.agent.announce(), fleet.network.hosts[1]?.identity ?? '');
  }
  expect(seen()).toMatchObject([{ validator: 2, addresses: 2 }]);
});

test('restarts one after the other are no sighting, nor is a folder that moved to another machine', async () => {
  for (let life = 0; life < 6; life += 1) {
    hear(said(fleet.get(2)));
    hear(said(fleet.get(2)));
    await fleet.crash(2);
  }
  expect(seen()).toEqual([]);
});

test('words of a process that has ended prove nothing, however late and in whatever order they are brought', async () => {
  const before = [said(fleet.get(2)), said(fleet.get(2)), said(fleet.get(2))];
  await fleet.crash(2);
  const after = [said(fleet.get(2)), said(fleet.get(2)), said(fleet.get(2))];
  const { journal } = fleet.get(1);
  const own = beginSpeaking(journal, STARTED_MS);
  fc.assert(
    fc.property(fc.shuffledSubarray([...before, ...after], { minLength: 6 }), (order) => {
      const { genesis } = fleet;
      const fresh = new Sightings({ genesis, self: validatorId(1), clock: () => nowMs, journal, logger: SILENT }, own);
      for (const statement of order) hearStatus(genesis, fresh, statement);
      expect(fresh.reports()).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a clock that is set back over a restart is no sighting while statements arrive in the order in which they were made', async () => {
  nowMs += 300_000;
  hear(said(fleet.get(2)));
  hear(said(fleet.get(2)));
  nowMs -= 240_000;
  await fleet.crash(2);
  for (let turn = 0; turn < 5; turn += 1) hear(said(fleet.get(2)));
  expect(seen()).toEqual([]);
});

test('journals that remember different decisions have forked: the copy lacks what the original has sealed since', async () => {
  const twin = copyOf(2);
  await makeKey(fleet);
  for (const agent of [fleet.get(2), twin, fleet.get(2)]) hear(said(agent));
  expect(seen()).toMatchObject([{ validator: 2, addresses: 2, journals: 2 }]);
});

test('a journal that somebody made anew under the same identity has forked', () => {
  const one = { ...speakerIn(said(fleet.get(2))), atMs: nowMs + 5_000 };
  expect(judgePair(one, { ...one, instance: 'another', sequence: 1 })).toBe('twice');
  expect(judgePair(one, { ...one, instance: 'another', journal: 'made anew' })).toBe('forked');
});

test('one process gives no two statements one number: a machine that was copied with its memory is seen', () => {
  const first = said(fleet.get(2));
  const { key } = fleet.network.hosts[1] ?? {};
  if (key === undefined) throw new Error('a test network has hosts');
  const status = fromBinary(ValidatorStatusSchema, first.payload);
  const payload = toBinary(ValidatorStatusSchema, create(ValidatorStatusSchema, { ...status, tipHeight: 7 }));
  const fields = { suite: 'any', keyset: '', epoch: 0, ceremony: '', round: Round.STATUS };
  hear(first);
  hear(sealEnvelope(fleet.genesis, validatorId(2), key, fields, payload));
  expect(seen()).toMatchObject([{ validator: 2, addresses: 2, journals: 2 }]);
});

test('nobody can be framed: what another key signed in its name, or what its own key did not sign as status, is not heard', () => {
  const twin = copyOf(2);
  const mine = said(fleet.get(2));
  hear(mine);
  const forged = { ...said(twin), signature: new Uint8Array(randomBytes(64)) };
  const stolen = { ...mine, payload: said(twin).payload };
  const other = statusOf(fleet.network, fleet.genesis, 2, nowMs, Round.FEE_SEEN);
  for (const statement of [forged, stolen, other]) expect(hear(statement)).toBeUndefined();
  hear(said(fleet.get(2)));
  expect(seen()).toEqual([]);
});

test('a build that does not say who speaks is neither accused nor refused', () => {
  hear(statusOf(fleet.network, fleet.genesis, 2, nowMs));
  hear(statusOf(fleet.network, fleet.genesis, 2, (nowMs += 1_000)));
  expect(seen()).toEqual([]);
});

test('a validator that is shown the words of its twin takes part in nothing, says why, and is back a minute after the last word', async () => {
  const twin = copyOf(2);
  const { parameters } = keygenParameters(fleet, 1);
  const start = () => fleet.ask(2, { case: 'startKeygen', value: { parameters } });
  const peer = fleet.network.hosts[0]?.identity ?? '';
  const shown = await fleet.ask(2, { case: 'hearTwin', value: { statement: said(twin) } }, peer);
  expect(shown.ok).toBe(true);
  expect(await start()).toMatchObject({ ok: false, code: 'not-yet.identity-twice' });
  const { state, reasons } = fleet.get(2).agent.report();
  expect({ state, reason: reasons[0] }).toEqual({
    state: 'degraded',
    reason: 'not-yet.identity-twice: another process speaks with the identity of this validator',
  });
  nowMs += SIGHTING_MS - 1;
  expect((await start()).ok).toBe(false);
  nowMs += 1;
  expect((await start()).ok).toBe(true);
  expect(fleet.get(2).agent.report().state).toBe('ready');
});

test('words of its own predecessor, or words it heard before, do not stop a validator', async () => {
  const peer = fleet.network.hosts[0]?.identity ?? '';
  const show = (statement: Envelope) => fleet.ask(2, { case: 'hearTwin', value: { statement } }, peer);
  const predecessor = said(fleet.get(2));
  await fleet.crash(2);
  nowMs += 1_000;
  await show(predecessor);
  expect(fleet.get(2).agent.report().state).toBe('ready');

  const old = said(copyOf(2));
  await show(old);
  expect(fleet.get(2).agent.report().state).toBe('degraded');
  nowMs += SIGHTING_MS;
  await show(old);
  expect(fleet.get(2).agent.report().state).toBe('ready');
  expect(await show(said(fleet.get(1)))).toMatchObject({ ok: false, code: 'input.request-malformed' });
});

test('sightings end by themselves, are counted anew when they begin anew, and outlive the process that saw them', async () => {
  const twin = copyOf(2);
  const bothSpeak = (): void => {
    for (const agent of [fleet.get(2), twin, fleet.get(2), twin]) hear(said(agent));
  };
  bothSpeak();
  bothSpeak();
  expect(seen()).toMatchObject([{ isNow: true, times: 1 }]);
  nowMs += SIGHTING_MS + 1;
  expect(seen()).toMatchObject([{ isNow: false, times: 1 }]);
  bothSpeak();
  expect(seen()).toMatchObject([{ isNow: true, times: 2 }]);
  await fleet.crash(1);
  expect(seen()).toMatchObject([{ validator: 2, addresses: 2, journals: 1 }]);
  nowMs += 2 * 86_400_000;
  expect(seen()).toEqual([]);
});

/** What a changed program that holds the key of validator 2 can say. */
function forged(instance: number, sequence: number, more: { readonly reasons?: string[] } = {}): Envelope {
  nowMs += 10;
  const { key } = fleet.network.hosts[1] ?? {};
  if (key === undefined) throw new Error('a test network has hosts');
  const status = fromBinary(ValidatorStatusSchema, said(fleet.get(2)).payload);
  if (status.speaker === undefined) throw new Error('a status says who speaks');
  const name = new Uint8Array(16);
  new DataView(name.buffer).setUint32(0, instance + 1);
  const speaker = { ...status.speaker, instance: name, sequence: BigInt(sequence), startedAtMs: BigInt(STARTED_MS) };
  const payload = toBinary(
    ValidatorStatusSchema,
    create(ValidatorStatusSchema, { ...status, ...more, atMs: BigInt(nowMs), speaker }),
  );
  const fields = { suite: 'any', keyset: '', epoch: 0, ceremony: '', round: Round.STATUS };
  return sealEnvelope(fleet.genesis, validatorId(2), key, fields, payload);
}

test.each([1, 2, 9])(
  'a copy that takes a new name for every %i words does not hide, and its many names cost little',
  (words) => {
    for (let name = 0; name < 40; name += 1) {
      if (name % 5 === 0) hear(said(fleet.get(2)));
      for (let sequence = 1; sequence <= words; sequence += 1) hear(forged(name, sequence));
    }
    expect(seen()).toMatchObject([{ validator: 2, isNow: true }]);
    expect(seen()[0]?.addresses).toBeLessThanOrEqual(16);
    const [one, other] = seen()[0]?.proof ?? [];
    if (one === undefined || other === undefined) throw new Error('a sighting carries two statements');
    expect(judgePair(speakerIn(one), speakerIn(other))).not.toBe('one');
  },
);

test('the original is not forgotten for names that spoke once: what it says next proves the copy', () => {
  hear(said(fleet.get(2)));
  hear(said(fleet.get(2)));
  for (let name = 0; name < 6; name += 1) {
    nowMs += SIGHTING_MS / 2;
    hear(forged(name, 1));
  }
  expect(seen()).toEqual([]);
  hear(said(fleet.get(2)));
  expect(seen()).toMatchObject([{ validator: 2, addresses: 4 }]);
});

test('a status as large as the largest order and grant make it is still heard, and its proof fits into an answer', async () => {
  const reasons = ['r'.repeat(320_000)];
  for (const statement of [said(fleet.get(2)), forged(1, 1, { reasons }), said(fleet.get(2))]) hear(statement);
  expect(seen()).toMatchObject([{ validator: 2, addresses: 2 }]);
  for (const validator of [0, 2]) {
    const proof = await fleet.ask(1, { case: 'saySightings', value: { validator } });
    if (!proof.ok) throw new Error(proof.message);
    const { sightings } = fromBinary(SightingsSchema, proof.envelope.payload);
    expect(sightings[0]?.statements).toHaveLength(2);
    expect(proof.bytes.length).toBeLessThan(MESSAGE_BYTES_MAX);
  }
});

test('proofs that do not fit together are left out of the answer about all, not the sightings', () => {
  const payload = new Uint8Array(STATEMENT_BYTES_MAX);
  const statement = { ...said(fleet.get(2)), payload };
  const reports = [1, 2, 3].map((id) => ({
    validator: validatorId(id),
    addresses: 2,
    journals: 1,
    firstAtMs: 1,
    lastAtMs: 1,
    isNow: true,
    times: 1,
    proof: [statement, statement] as const,
  }));
  const [host] = fleet.network.hosts;
  if (host === undefined) throw new Error('a test network has hosts');
  const parts = { genesis: fleet.genesis, self: validatorId(1), identity: host.key };
  const answer = sightingsStatement(parts, reports, 0);
  const { sightings } = fromBinary(SightingsSchema, answer.payload);
  expect(sightings.map(({ statements }) => statements.length)).toEqual([2, 0, 0]);
  expect(answer.payload.length).toBeLessThan(MESSAGE_BYTES_MAX);
});

test('a clock that is set back while a validator stands aside does not keep it aside', async () => {
  const peer = fleet.network.hosts[0]?.identity ?? '';
  await fleet.ask(2, { case: 'hearTwin', value: { statement: said(copyOf(2)) } }, peer);
  expect(fleet.get(2).agent.report().state).toBe('degraded');
  nowMs -= 3_600_000;
  expect(fleet.get(2).agent.report().state).toBe('ready');
});

test('whoever makes itself seen again and again pushes nobody out: proofs about others stay', () => {
  const { journal } = fleet.get(1);
  const row = { forked: false, statement: new Uint8Array([1]), other: new Uint8Array([2]) };
  journal.sightings.record({ ...row, validator: validatorId(3), atMs: 1 });
  for (let at = 2; at < 60; at += 1) journal.sightings.record({ ...row, validator: validatorId(2), atMs: at });
  const kept = journal.sightings.latest(1_000);
  expect(kept.filter(({ validator }) => validator === 2)).toHaveLength(16);
  expect(kept.at(-1)).toMatchObject({ validator: 3, atMs: 1 });
});
