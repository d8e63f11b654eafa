import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { type Outpoint, outpointText } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { LocksHeldSchema, SigningRequestSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { readInterchange, writeInterchange } from './interchange/file.ts';
import { interchangeOf, ownerIn } from './interchange/interchange.ts';
import { CLAIMED_BYTES_MAX } from './journal/claims.ts';
import { BURIED_DEPTH, PROPOSAL_BYTES_MAX, REMEMBERED_MS, TOLD_DEPTH } from './locks.ts';
import { requestOf, readReply, TestFleet, type TestAgent } from './testkit/agents.ts';
import { activeKey } from './testkit/ceremonies.ts';
import { vaultOwner } from './testkit/network.ts';
import {
  askedFor,
  commitTo,
  depositTo,
  openVault,
  payBy,
  type PayoutPlanned,
  type PlannedRequest,
  planPayout,
  requestBytes,
  type TestVault,
} from './testkit/payouts.ts';

const [ALL, NEEDED] = [7, 5];
const AMOUNT = 100_000;
const SIGNERS = [1, 2, 3, 4, 5];
/** As ADR 0024 counts: one of the peers that were asked is honest and had locked. */
const LIARS_MAX = 2 * NEEDED - ALL - 1;
const codec = transactionCodec('regtest');
let fleet: TestFleet;
let nowMs = Date.now();
let certificate: KeyCertificate;
let vault: TestVault;
let outpoint: Outpoint;

beforeAll(async () => {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  fleet = new TestFleet(ALL, NEEDED, { codec, keystore, clock: () => nowMs });
  ({ certificate } = await activeKey(fleet));
});
afterAll(() => fleet.close());
beforeEach(async () => {
  vault = await openVault(fleet, certificate);
  outpoint = depositTo(fleet, vault, AMOUNT);
});

const plan = (changes: Partial<PayoutPlanned> = {}): PlannedRequest =>
  planPayout(fleet, codec, vault, { outpoints: [outpoint], amountSats: AMOUNT, feeSats: 500, ...changes });
const ask = async ({ agent }: TestAgent, planned: PlannedRequest) =>
  readReply(
    await agent.handle(
      requestOf(fleet.genesis, { case: 'giveCommitments', value: askedFor(planned) }),
      fleet.network.coordinator.identity,
    ),
  );
/** What a peer says that it has locked, page by page. */
async function toldBy(id: number): Promise<Uint8Array[]> {
  const told: Uint8Array[] = [];
  for (let after = '', pages = 0; pages < 20; pages += 1) {
    const reply = await fleet.ask(id, { case: 'sayLocks', value: { after } }, fleet.network.hosts[0]?.identity);
    if (!reply.ok) throw new Error(reply.code);
    const page = fromBinary(LocksHeldSchema, reply.envelope.payload);
    told.push(...page.proposals);
    if (page.next === '') return told;
    after = page.next;
  }
  throw new Error('the pages do not end');
}
async function dispose(copy: TestAgent): Promise<void> {
  await copy.agent.stop();
  await copy.signer.stop();
  copy.journal.close();
}

test('no partial signature is given before every signer has said that it locked the outputs for this transaction', async () => {
  const planned = plan();
  const commitments = await commitTo(fleet, planned, SIGNERS);
  const dearer = plan({ feeSats: 600 });
  const other = { ...dearer, ceremony: planned.ceremony };
  const request = { case: 'givePartials', value: { request: requestBytes(other, commitments) } } as const;
  expect(await fleet.ask(1, request)).toMatchObject({ code: 'policy.signing-locks' });
  for (const id of SIGNERS) expect(fleet.get(id).journal.releases.locksOn(outpointText(outpoint))).toHaveLength(1);
  const honest = { case: 'givePartials', value: { request: requestBytes(planned, commitments) } } as const;
  expect(await fleet.ask(1, honest)).toMatchObject({ ok: true });
});

test('a folder from before a payout is told of it by whichever peers it asks, as long as few enough of them lie', async () => {
  let liarsSeen = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        signers: fc.shuffledSubarray([2, 3, 4, 5, 6, 7], { minLength: NEEDED - 1, maxLength: NEEDED - 1 }),
        asked: fc.shuffledSubarray([2, 3, 4, 5, 6, 7], { minLength: NEEDED, maxLength: NEEDED }),
        liars: fc.nat(LIARS_MAX),
      }),
      async ({ signers, asked, liars }) => {
        outpoint = depositTo(fleet, vault, AMOUNT);
        const copy = fleet.twin(1);
        try {
          const paid = plan({ feeSats: 900 });
          const all = [1, ...signers].toSorted((a, b) => a - b);
          expect(await payBy(fleet, paid, all, 1)).toMatchObject({ ok: true });
          // The worst of them: those who know say nothing.
          const silent = asked.filter((id) => signers.includes(id)).slice(0, liars);
          liarsSeen += silent.length;
          for (const id of asked)
            copy.agent.hearLocks(fleet.get(id).id, silent.includes(id) ? [] : await toldBy(id), true);
          expect(await ask(copy, plan({ feeSats: 500 }))).toMatchObject({ code: 'conflict.outpoint-locked' });
          // The payout itself goes on, and so does one that comes after it.
          expect(await ask(copy, plan({ feeSats: 900 }))).toMatchObject({ ok: true });
          expect(await ask(copy, plan({ feeSats: 901 }))).toMatchObject({ ok: true });
        } finally {
          await dispose(copy);
        }
      },
    ),
    { numRuns: 12 },
  );
  expect(liarsSeen).toBeGreaterThan(0);
});

test('one liar more than that can keep it from a folder: the bound is where it is said to be', async () => {
  const copy = fleet.twin(1);
  expect(await payBy(fleet, plan({ feeSats: 900 }), SIGNERS, 1)).toMatchObject({ ok: true });
  const knowing = [2, 3, 4].slice(0, LIARS_MAX + 1);
  // 5 is not asked, 6 and 7 took no part: only liars are left of those who know.
  for (const id of [2, 3, 4, 6, 7])
    copy.agent.hearLocks(fleet.get(id).id, knowing.includes(id) ? [] : await toldBy(id), true);
  expect(await ask(copy, plan({ feeSats: 500 }))).toMatchObject({ ok: true });
  await dispose(copy);
});

/** Bytes of the same transaction with another lock time: its id is any that somebody looks for. */
const ground = (transaction: Uint8Array): Uint8Array => {
  const bytes = Uint8Array.from(transaction);
  bytes[bytes.length - 4] = 1;
  return bytes;
};

test('a claim holds nothing unless it carries what lets exactly its transaction move these coins', async () => {
  const planned = plan({ feeSats: 3_000 });
  const unknown = Uint8Array.from([...requestBytes(planned, []), 250, 7, 1, 0]);
  const proposals = {
    'no word of anybody': requestBytes(planned, [], { releaseRequest: new Uint8Array(0) }),
    'a release request of a stranger': requestBytes(plan({ feeSats: 3_000, releaseKey: vaultOwner().release }), []),
    'a transaction that pays somebody else': requestBytes(
      plan({ feeSats: 3_000, payoutScript: `0014${'cd'.repeat(20)}` }),
      [],
    ),
    'a fee that nobody released': requestBytes({ ...planned, transaction: plan({ feeSats: 3_001 }).transaction }, []),
    'a transaction that no validator would build': requestBytes(
      { ...planned, transaction: ground(planned.transaction) },
      [],
    ),
    'a sweep without votes': requestBytes(planned, [], {
      releaseRequest: new Uint8Array(0),
      sweep: { proof: new Uint8Array(0), successor: new Uint8Array(0), step: 'sweep' },
    }),
    'bytes that are no request': new Uint8Array([250, 1, 2]),
    'fields that nobody knows': unknown,
    'more bytes than a proposal has': requestBytes(planned, [], { releaseRequest: new Uint8Array(PROPOSAL_BYTES_MAX) }),
    'another network': requestBytes(planned, [], { network: 'other' }),
    'no transaction': requestBytes(planned, [], { transaction: new Uint8Array(3) }),
  };
  const liar = fleet.twin(1);
  expect(liar.agent.hearLocks(fleet.get(2).id, Object.values(proposals), true)).toBe(true);
  for (const [what, proposal] of Object.entries(proposals)) {
    const copy = fleet.twin(1);
    expect(copy.agent.hearLocks(fleet.get(2).id, [proposal], true)).toBe(true);
    expect([what, (await ask(copy, plan({ feeSats: 500 }))).ok]).toEqual([what, true]);
    await dispose(copy);
  }
  // The same with the real word holds, whoever said something else about it first, and under whatever name.
  expect(liar.agent.hearLocks(fleet.get(3).id, [requestBytes(planned, [])], true)).toBe(true);
  expect(await ask(liar, plan({ feeSats: 500 }))).toMatchObject({
    code: 'conflict.outpoint-locked',
    message: expect.stringContaining('as validator 3 remembers'),
  });
  await dispose(liar);
});

test('what a validator says anew takes the place of what it said to an earlier process, and nobody else’s', async () => {
  const copy = fleet.twin(1);
  const [two, three] = [fleet.get(2).id, fleet.get(3).id];
  const claimed = [requestBytes(plan({ feeSats: 3_000 }), [])];
  const isHeld = async () => !(await ask(copy, plan({ feeSats: 500 }))).ok;
  copy.agent.hearLocks(two, claimed, true);
  copy.agent.hearLocks(three, claimed, true);
  expect(await isHeld()).toBe(true);
  copy.agent.hearLocks(two, [], true);
  expect(await isHeld()).toBe(true);
  copy.agent.hearLocks(three, [], false);
  expect(await isHeld()).toBe(true);
  copy.agent.hearLocks(three, [], true);
  expect(await isHeld()).toBe(false);
  await dispose(copy);
});

test('who claims more than anybody honest holds is not believed to have told everything', async () => {
  const copy = fleet.twin(1);
  const { claims } = copy.journal;
  const from = fleet.get(2).id;
  const made = (at: number, bytes: number) => ({
    txid: at.toString(16).padStart(64, '0'),
    outpoints: [outpointText(outpoint)],
    proposal: new Uint8Array(bytes),
  });
  expect(claims.take(from, [made(1, 10), made(2, 10), made(3, 10)], true, nowMs)).toBe(true);
  // Of one output two of one validator are looked at.
  expect(claims.on(outpointText(outpoint))).toHaveLength(2);
  expect(claims.take(from, [made(4, CLAIMED_BYTES_MAX)], false, nowMs)).toBe(false);
  expect(claims.take(fleet.get(3).id, [made(4, 10)], true, nowMs)).toBe(true);
  expect(claims.count()).toBe(4);
  await dispose(copy);
});

test('a peer that asks for locks again and again is told that a start needs fewer', async () => {
  const peer = fleet.network.hosts[1]?.identity;
  const page = () => fleet.ask(7, { case: 'sayLocks', value: { after: '' } }, peer);
  let refused = 0;
  for (let asked = 0; asked < 300; asked += 1) if (!(await page()).ok) refused += 1;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(100);
  expect((await fleet.ask(7, { case: 'sayLocks', value: { after: '' } }, fleet.network.hosts[2]?.identity)).ok).toBe(
    true,
  );
});

test('what is spent deep in the chain is told to nobody, and in the end forgotten; asked for again it is refused as spent', async () => {
  const planned = plan();
  const { txid } = codec.readTransaction(planned.transaction);
  const request = requestBytes(planned, await commitTo(fleet, planned, SIGNERS));
  expect(await fleet.ask(1, { case: 'givePartials', value: { request } })).toMatchObject({ ok: true });
  const chains = fleet.agents.map(({ chain }) => chain);
  const spentHere = { journal: fleet.get(1).journal, name: outpointText(outpoint) };
  const told = async () =>
    (await toldBy(1)).some(
      (bytes) => codec.readTransaction(fromBinary(SigningRequestSchema, bytes).transaction).txid === txid,
    );
  for (const chain of chains) chain.mine(1);
  for (const chain of chains) chain.spend(outpoint, txid);
  expect(await told()).toBe(true);
  for (const chain of chains) chain.mine(TOLD_DEPTH);
  expect(await told()).toBe(false);
  expect(spentHere.journal.releases.locksOn(spentHere.name)).toHaveLength(1);

  for (const chain of chains) chain.mine(BURIED_DEPTH);
  // Not while it could still take room under an outflow cap.
  expect(await ask(fleet.get(1), plan({ outpoints: [depositTo(fleet, vault, AMOUNT)] }))).toMatchObject({ ok: true });
  nowMs += REMEMBERED_MS + 1;
  // Each new lock looks at some of the old ones.
  for (let more = 0; more < 20 && spentHere.journal.proposals.get(txid) !== undefined; more += 1) {
    const next = depositTo(fleet, vault, AMOUNT);
    expect(await ask(fleet.get(1), plan({ outpoints: [next] }))).toMatchObject({ ok: true });
  }
  expect(spentHere.journal.proposals.get(txid)).toBeUndefined();
  expect(spentHere.journal.releases.locksOn(spentHere.name)).toEqual([]);
  expect(await fleet.ask(1, { case: 'givePartials', value: { request } })).toMatchObject({ ok: false });
  expect(await ask(fleet.get(1), plan({ feeSats: 600 }))).toMatchObject({ code: 'conflict.deposit-spent' });
  // What is left is a memory that can still be carried to another folder.
  const owner = ownerIn(fleet.genesis, fleet.get(1).id);
  expect(readInterchange(writeInterchange(interchangeOf(spentHere.journal, owner)), 'an export').owner).toEqual(owner);
});
