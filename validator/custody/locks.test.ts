import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { type Outpoint, outpointText } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { LocksHeldSchema, SigningRequestSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { BURIED_DEPTH, TOLD_DEPTH } from './locks.ts';
import { requestOf, readReply, TestFleet, type TestAgent } from './testkit/agents.ts';
import { activeKey, newCeremony } from './testkit/ceremonies.ts';
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

/** Real cryptography and real disks on a machine that may be busy; nothing here waits for time to pass. */
jest.setTimeout(60_000);

const [ALL, NEEDED] = [7, 5];
const AMOUNT = 100_000;
const SIGNERS = [1, 2, 3, 4, 5];
/** As ADR 0024 counts: one of the peers that were asked is honest and had locked. */
const LIARS_MAX = 2 * NEEDED - ALL - 1;
const codec = transactionCodec('regtest');
let fleet: TestFleet;
let certificate: KeyCertificate;
let vault: TestVault;
let outpoint: Outpoint;

beforeAll(async () => {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  fleet = new TestFleet(ALL, NEEDED, { codec, keystore });
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
          for (const id of asked) copy.agent.hearLocks(fleet.get(id).id, silent.includes(id) ? [] : await toldBy(id));
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
    copy.agent.hearLocks(fleet.get(id).id, knowing.includes(id) ? [] : await toldBy(id));
  expect(await ask(copy, plan({ feeSats: 500 }))).toMatchObject({ ok: true });
  await dispose(copy);
});

test('a claim holds nothing unless it carries what lets these coins move', async () => {
  const planned = plan({ feeSats: 3_000 });
  const proposals = {
    'no word of anybody': requestBytes(planned, [], { releaseRequest: new Uint8Array(0) }),
    'a release request of a stranger': requestBytes(plan({ feeSats: 3_000, releaseKey: vaultOwner().release }), []),
    'a transaction that pays somebody else': requestBytes(
      plan({ feeSats: 3_000, payoutScript: `0014${'cd'.repeat(20)}` }),
      [],
    ),
    'a fee that nobody released': requestBytes({ ...planned, transaction: plan({ feeSats: 3_001 }).transaction }, []),
    'bytes that are no request': new Uint8Array([250, 1, 2]),
    'another network': requestBytes(planned, [], { network: 'other' }),
    'no transaction': requestBytes(planned, [], { transaction: new Uint8Array(3) }),
  };
  for (const [what, proposal] of Object.entries(proposals)) {
    const copy = fleet.twin(1);
    expect(copy.agent.hearLocks(fleet.get(2).id, [proposal])).toBe(true);
    expect([what, (await ask(copy, plan({ feeSats: 500 }))).ok]).toEqual([what, true]);
    await dispose(copy);
  }
  // The same with the real word holds.
  const copy = fleet.twin(1);
  copy.agent.hearLocks(fleet.get(2).id, [requestBytes(planned, [])]);
  expect(await ask(copy, plan({ feeSats: 500 }))).toMatchObject({
    code: 'conflict.outpoint-locked',
    message: expect.stringContaining('as validator 2 remembers'),
  });
  await dispose(copy);
});

test('who claims more than anybody honest holds is not believed to have told everything', async () => {
  const copy = fleet.twin(1);
  const claim = (at: number): Uint8Array => {
    const planned = plan({ feeSats: 500 + at });
    return toBinary(
      SigningRequestSchema,
      create(SigningRequestSchema, { ...planned, ceremony: newCeremony('signing') }),
    );
  };
  const { take } = copy.journal.claims;
  expect(copy.agent.hearLocks(fleet.get(2).id, [claim(1), claim(2)])).toBe(true);
  Object.assign(copy.journal.claims, {
    take: (claims: Parameters<typeof take>[0], atMs: number) =>
      take(
        claims.map((each) => ({
          ...each,
          outpoints: Array.from({ length: 20_001 }, (_unused, vout) => `${each.txid}:${vout}`),
        })),
        atMs,
      ),
  });
  expect(copy.agent.hearLocks(fleet.get(2).id, [claim(3)])).toBe(false);
  await dispose(copy);
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
  // Each new lock looks at some of the old ones.
  for (let more = 0; more < 20 && spentHere.journal.proposals.get(txid) !== undefined; more += 1) {
    const next = depositTo(fleet, vault, AMOUNT);
    expect(await ask(fleet.get(1), plan({ outpoints: [next] }))).toMatchObject({ ok: true });
  }
  expect(spentHere.journal.proposals.get(txid)).toBeUndefined();
  expect(spentHere.journal.releases.locksOn(spentHere.name)).toEqual([]);
  expect(await fleet.ask(1, { case: 'givePartials', value: { request } })).toMatchObject({ ok: false });
  expect(await ask(fleet.get(1), plan({ feeSats: 600 }))).toMatchObject({ code: 'conflict.deposit-spent' });
});
