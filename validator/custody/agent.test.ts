import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { certificateDigest, signingRequestDigest } from '../../domain/ceremony/digests.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { vaultTweakOf } from '../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import { openEnvelope } from '../../wire/envelope.ts';
import {
  CertificateHeldSchema,
  DepositsSeenSchema,
  type Envelope,
  KeyActiveSchema,
  KeygenCommitmentsSchema,
  KeygenComplaintSchema,
  Round,
  TermsHeldSchema,
  ValidatorStatusSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { TestFleet } from './testkit/agents.ts';
import { certificateOf, keygenParameters, makeKey, runSelfTest, sharesOf, signersOf } from './testkit/ceremonies.ts';
import { flipShareByte, forge, shiftLastByte } from './testkit/forgery.ts';
import { commitTo, depositTo, openVault, planPayout, requestBytes } from './testkit/payouts.ts';

const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
const idsUpTo = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1);

describe('fifteen validators, ten of which sign', () => {
  let fleet: TestFleet;
  let certificate: KeyCertificate;
  beforeAll(async () => {
    fleet = new TestFleet(15, 10, { codec, keystore });
  });
  afterAll(() => fleet.close());

  test('make a key together whose certificate convinces anyone who pinned the network', async () => {
    ({ certificate } = await makeKey(fleet));
    expect(verifyCertificate(certificate, fleet.genesis).ok).toBe(true);
    expect(fleet.get(7).agent.report().keysets).toMatchObject([
      {
        state: 'proposed',
        publicKeyShare: certificate.package.verifyingShares[6],
        combinedPublicKey: certificate.package.groupKey,
      },
    ]);
  });

  test('nothing of a key is usable before its certificate: no commitments, no address, no vouching', async () => {
    const { keyset } = certificate.package;
    const count = { ceremony: `signing-${'0'.repeat(32)}`, keyset, count: 1 };
    const selfTest = { ...count, ceremony: `selftest-${'0'.repeat(32)}` };
    expect(await fleet.ask(1, { case: 'giveCommitments', value: count })).toMatchObject({
      code: 'policy.keyset-state',
    });
    expect(await fleet.ask(1, { case: 'giveCommitments', value: selfTest })).toMatchObject({
      code: 'policy.keyset-state',
    });
    expect(await fleet.ask(1, { case: 'sayKeyset', value: { keyset } })).toMatchObject({ code: 'policy.keyset-state' });
  });

  test('hold a certificate only when all signed it and the package is their own', async () => {
    const short = { ...certificate, signatures: certificate.signatures.slice(1) };
    const hold = (held: KeyCertificate) =>
      fleet.ask(1, { case: 'holdCertificate', value: { certificate: encodeDocument(held) } });
    expect(await hold(short)).toMatchObject({ code: 'policy.certificate-incomplete' });
    const other = { ...certificate.package, epoch: 2 };
    expect(await hold({ ...certificate, package: other })).toMatchObject({ code: 'policy.certificate-package' });
    const envelopes = await fleet.askAll({
      case: 'holdCertificate',
      value: { certificate: encodeDocument(certificate) },
    });
    const again = await fleet.askAll({ case: 'sayKeyset', value: { keyset: certificate.package.keyset } });
    for (const envelope of [...envelopes, ...again]) {
      const opened = openEnvelope(fleet.genesis, envelope, {
        round: Round.KEYGEN_CERTIFICATE_HELD,
        keyset: certificate.package.keyset,
      });
      expect(opened.ok && toHex(fromBinary(CertificateHeldSchema, opened.value.payload).certificateDigest)).toBe(
        certificateDigest(certificate.package),
      );
    }
  });

  test('activate the key only after all of them signed the self-test', async () => {
    const selfTest = await runSelfTest(fleet, certificate.package);
    const activate = (changes: object) => fleet.ask(1, { case: 'activateKey', value: { ...selfTest, ...changes } });
    expect(await activate({ partials: selfTest.partials.slice(1) })).toMatchObject({ code: 'policy.self-test' });
    expect(await activate({ signature: new Uint8Array(64) })).toMatchObject({ code: 'policy.self-test' });
    const twice = [...selfTest.partials.slice(0, 14), ...selfTest.partials.slice(0, 1)];
    expect(await activate({ partials: twice })).toMatchObject({ code: 'policy.self-test' });
    // One unit more here and one less there: the sum is the same signature, and neither share is right.
    const more = selfTest.partials.findIndex(({ payload }) => (payload.at(-1) ?? 255) < 255);
    const less = selfTest.partials.findIndex(({ payload }, at) => at !== more && (payload.at(-1) ?? 0) > 0);
    const shifts = new Map([
      [more, 1],
      [less, -1],
    ]);
    const cancelling = selfTest.partials.map((partial, at) =>
      forge(fleet, partial, (payload) => shiftLastByte(payload, shifts.get(at) ?? 0)),
    );
    expect(await activate({ partials: cancelling })).toMatchObject({ code: 'policy.self-test' });
    expect(fleet.get(1).agent.report().keysets[0]?.state).toBe('certified');
    const active = await fleet.askAll({ case: 'activateKey', value: selfTest });
    expect(fromBinary(KeyActiveSchema, active[0]?.payload ?? new Uint8Array()).selfTestSignature).toEqual(
      selfTest.signature,
    );
    expect(await activate({})).toMatchObject({ ok: true });
    expect(fleet.agents.map(({ agent }) => agent.report().keysets[0]?.state)).toEqual(Array(15).fill('active'));
  });

  test('hold terms, see the deposit, and ten partial signatures make a valid payout', async () => {
    const vault = await openVault(fleet, certificate);
    const outpoint = depositTo(fleet, vault);
    const vaultId = { vault: '', keyset: certificate.package.keyset };
    const seen = await fleet.askAll({
      case: 'sayDeposits',
      value: { ...vaultId, vault: planOf().inputs[0]?.vault ?? '' },
    });
    const deposits = fromBinary(DepositsSeenSchema, seen[0]?.payload ?? new Uint8Array());
    expect(deposits.outputs).toMatchObject([
      { prevout: { txid: outpoint.txid, amountSats: 100_000n }, confirmations: 6, spentBy: '' },
    ]);

    function planOf() {
      return planPayout(fleet, codec, vault, { outpoints: [outpoint], amountSats: 100_000, feeSats: 500 });
    }
    const plan = planOf();
    const signers = idsUpTo(15).filter((id) => id % 3 !== 0);
    const commitments = await commitTo(fleet, plan, signers);
    const request = requestBytes(plan, commitments);
    const partials = await fleet.askAll(
      { case: 'givePartials', value: { request } },
      signers.map((id) => fleet.get(id).id),
    );
    const [message] = codec.sighashes(plan.transaction, [{ script: vault.script, amountSats: 100_000 }]);
    const tweak = vaultTweakOf(vault.signedTerms.terms);
    const signature = verifyingSuite.aggregate(
      certificate.package,
      tweak,
      signersOf(commitments, 0),
      message ?? new Uint8Array(),
      sharesOf(partials, 0),
    );
    const { outputKey } = verifyingSuite.deriveOutput(certificate.package, tweak);
    expect(verifyingSuite.verifySignature(outputKey, message ?? new Uint8Array(), signature)).toBe(true);
    expect(vault.script).toBe(`5120${toHex(outputKey)}`);
    expect(fleet.get(1).agent.report()).toMatchObject({ counters: { signaturesSigned: 1 } });
    expect(fleet.get(1).agent.session(plan.ceremony)).toMatchObject({
      kind: 'signing',
      signers,
      steps: [{ step: 'commitments given' }, { step: 'partial signature' }],
    });
    expect(fleet.get(1).journal.releases.stored(signingRequestDigest(request))).toBeDefined();
    expect(fleet.get(3).agent.session(plan.ceremony)).toBeUndefined();
  });

  test('a later key makes the earlier one drain: it signs on and gives no new addresses', async () => {
    const { certificate: next } = await makeKey(fleet, 2);
    await fleet.askAll({ case: 'holdCertificate', value: { certificate: encodeDocument(next) } });
    await fleet.askAll({ case: 'activateKey', value: await runSelfTest(fleet, next.package) });
    expect(
      fleet
        .get(4)
        .agent.report()
        .keysets.map(({ epoch, state }) => [epoch, state]),
    ).toEqual([
      [1, 'draining'],
      [2, 'active'],
    ]);
    await expect(openVault(fleet, certificate)).rejects.toThrow('policy.keyset-state');
    await openVault(fleet, next);
    const old = keygenParameters(fleet, 2);
    expect(await fleet.ask(1, { case: 'startKeygen', value: { parameters: old.parameters } })).toMatchObject({
      code: 'conflict.keygen-epoch',
    });
  });

  test('begin no key so far above the present one that few epochs would be left', async () => {
    const begin = (epoch: number) =>
      fleet.ask(1, { case: 'startKeygen', value: { parameters: keygenParameters(fleet, epoch).parameters } });
    expect(await begin(0xffff_ffff)).toMatchObject({ code: 'policy.keygen-epoch' });
    expect(await begin(1_003)).toMatchObject({ code: 'policy.keygen-epoch' });
    expect(await begin(1_002)).toMatchObject({ ok: true });
  });

  test('say their status: state, tip, keys, and the time it was said', async () => {
    const [envelope] = await fleet.askAll({ case: 'sayStatus', value: {} });
    const status = fromBinary(ValidatorStatusSchema, envelope?.payload ?? new Uint8Array());
    expect(status).toMatchObject({ state: 'ready', tipHeight: fleet.get(1).chain.tip.height, version: 'test' });
    expect(status.keysets.map(({ state }) => state)).toEqual(['draining', 'active']);
    expect(Number(status.atMs)).toBeGreaterThan(1.7e12);
  });

  test('say which script they derived for terms, the same again and again', async () => {
    const held = await openVault(fleet, { ...certificate, package: (await activeOf(fleet)).package });
    const value = {
      signedTerms: encodeDocument(held.signedTerms),
      keyset: held.certificate.package.keyset,
      watchFromHeight: 5,
    };
    const [envelope] = await fleet.askAll({ case: 'holdTerms', value }, [fleet.get(2).id]);
    expect(toHex(fromBinary(TermsHeldSchema, envelope?.payload ?? new Uint8Array()).script)).toBe(held.script);
  });
});

/** The certificate of the active key as a validator's journal has it. */
async function activeOf(fleet: TestFleet): Promise<KeyCertificate> {
  const row = fleet
    .get(1)
    .journal.keysets.list()
    .find(({ state }) => state === 'active');
  return JSON.parse(Buffer.from(row?.certificate ?? []).toString('utf8')) as KeyCertificate;
}

describe('a key generation that nobody finishes', () => {
  let fleet: TestFleet;
  beforeAll(() => {
    fleet = new TestFleet(3, 2, { codec, keystore });
  });
  afterAll(() => fleet.close());

  test('gets no second opening after a crash, also when other ceremonies have pushed its steps out', async () => {
    const { parameters, ceremony } = keygenParameters(fleet, 1);
    const start = () => fleet.ask(2, { case: 'startKeygen', value: { parameters } });
    expect(await start()).toMatchObject({ ok: true });
    await fleet.crash(2);
    const { journal } = fleet.get(2);
    journal.atOnce(() => {
      for (let step = 0; step <= 50_000; step += 1) journal.steps.record('signing-other', 'step', step);
    });
    expect(journal.steps.of(ceremony)).toEqual([]);
    expect(await start()).toMatchObject({ code: 'conflict.keygen-lost' });
  });

  test('is begun again and again without a certificate: few shares stay, and its status neither grows nor names them', async () => {
    const before = fleet.get(3).agent.announce().length;
    for (let times = 0; times < 12; times += 1) await makeKey(fleet);
    const kept = fleet.get(3).agent.report().keysets;
    expect(kept.map(({ state }) => state)).toEqual(Array.from({ length: 8 }, () => 'proposed'));
    expect(fleet.get(3).agent.announce().length).toBeLessThan(before + 64);
    // The last of them is as good as the first would have been.
    const { certificate } = await makeKey(fleet);
    const value = { certificate: encodeDocument(certificate) };
    await fleet.askAll({ case: 'holdCertificate', value });
    expect(
      fleet
        .get(3)
        .agent.report()
        .keysets.map(({ state }) => state),
    ).toContain('certified');
  });
});

describe('a key generation that is disturbed', () => {
  let fleet: TestFleet;
  beforeAll(async () => {
    fleet = new TestFleet(3, 2, { codec, keystore });
  });
  afterAll(() => fleet.close());

  test('gives the same bytes to a repeated round and refuses a second version of it', async () => {
    const { parameters, ceremony } = keygenParameters(fleet, 1);
    const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters } });
    expect(await fleet.askAll({ case: 'startKeygen', value: { parameters } })).toEqual(commitments);
    const shares = await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } });
    expect(await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } })).toEqual(shares);
    const other = keygenParameters(fleet, 1);
    const foreign = await fleet.askAll({ case: 'startKeygen', value: { parameters: other.parameters } });
    const mixed = [...commitments.slice(0, 2), ...foreign.slice(2)];
    const ask = (envelopes: typeof commitments) =>
      fleet.ask(1, { case: 'keygenShares', value: { ceremony, commitments: envelopes } });
    expect(await ask(mixed)).toMatchObject({ code: 'conflict.envelope-stale' });
    expect(await ask(commitments.slice(1))).toMatchObject({ code: 'policy.round-statements' });
    expect(await ask([...commitments.slice(0, 2), ...commitments.slice(0, 1)])).toMatchObject({
      code: 'policy.round-statements',
    });
  });

  test.each([
    ['threshold', { threshold: 3 }],
    ['environment', { environment: 'production' }],
    ['network', { network: 'other' }],
    ['suite', { suite: 'other' }],
    ['identities', { identities: [] }],
  ])('is refused when its %s differs from the pinned genesis', async (field, changes) => {
    const { parameters } = keygenParameters(fleet, 1, changes);
    const reply = await fleet.ask(1, { case: 'startKeygen', value: { parameters } });
    expect(reply).toMatchObject({ code: 'policy.keygen-parameters', message: expect.stringContaining(field) });
  });

  test('is over after a crash before the share is sealed, and leaves nothing usable', async () => {
    const { parameters, ceremony } = keygenParameters(fleet, 1);
    const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters } });
    const shares = await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } });
    await fleet.crash(2);
    expect(await fleet.ask(2, { case: 'finishKeygen', value: { ceremony, shares } })).toMatchObject({
      code: 'conflict.keygen-lost',
    });
    expect(await fleet.ask(2, { case: 'startKeygen', value: { parameters } })).toMatchObject({
      code: 'conflict.keygen-lost',
    });
    expect(fleet.get(2).journal.keysets.list()).toEqual([]);
    await makeKey(fleet); // another attempt with fresh randomness works
  });

  test('goes on after a crash once the share is sealed, with the same signed answer', async () => {
    const { parameters, ceremony } = keygenParameters(fleet, 1);
    const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters } });
    const shares = await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } });
    const first = await fleet.ask(2, { case: 'finishKeygen', value: { ceremony, shares } });
    await fleet.crash(2);
    const again = await fleet.ask(2, { case: 'finishKeygen', value: { ceremony, shares } });
    expect(first.ok && again.ok && Buffer.from(again.bytes).equals(first.bytes)).toBe(true);
    const transcripts = await fleet.askAll({ case: 'finishKeygen', value: { ceremony, shares } });
    const certificate = certificateOf(transcripts);
    await fleet.askAll({ case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } });
    const selfTest = await runSelfTest(fleet, certificate.package);
    await fleet.crash(1);
    await fleet.askAll({ case: 'activateKey', value: selfTest });
    expect(
      fleet
        .get(1)
        .agent.session(ceremony)
        ?.steps.map(({ step }) => step),
    ).toEqual(['commitments made', 'shares encrypted', 'share sealed', 'certificate held', 'key active']);
  });

  test('waits for space when the disk is full at the point of no return, and then gives the same answer as everyone', async () => {
    const { parameters, ceremony } = keygenParameters(fleet, 3);
    const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters } });
    const shares = await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } });
    const { keysets } = fleet.get(1).journal;
    const { seal } = keysets;
    Object.assign(keysets, {
      seal: () => {
        throw new FirebreakFailure('unavailable.journal-full', 'no space left');
      },
    });
    expect(await fleet.ask(1, { case: 'finishKeygen', value: { ceremony, shares } })).toMatchObject({
      code: 'unavailable.journal-full',
    });
    Object.assign(keysets, { seal });
    const transcripts = await fleet.askAll({ case: 'finishKeygen', value: { ceremony, shares } });
    expect(verifyCertificate(certificateOf(transcripts), fleet.genesis).ok).toBe(true);
  });

  test('names the validator whose proof of knowledge does not hold, and is over then', async () => {
    const { parameters, ceremony } = keygenParameters(fleet, 5);
    const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters } });
    const [one, two, three] = commitments;
    if (one === undefined || two === undefined || three === undefined) throw new Error('three validators answer');
    const said = fromBinary(KeygenCommitmentsSchema, three.payload);
    const at = Buffer.from(three.payload).indexOf(said.proofOfKnowledge) + 40;
    const bad = forge(fleet, three, (payload) => payload.fill(7, at, at + 4));
    const ask = (envelopes: Envelope[]) =>
      fleet.ask(1, { case: 'keygenShares', value: { ceremony, commitments: envelopes } });
    expect(await ask([one, two, bad])).toMatchObject({
      code: 'signer-fault.keygen-commitments',
      message: expect.stringContaining('3'),
    });
    expect(await ask(commitments)).toMatchObject({ code: 'conflict.keygen-lost' });
  });

  test('names the validator whose encrypted share does not open, and seals nothing', async () => {
    const { parameters, ceremony } = keygenParameters(fleet, 6);
    const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters } });
    const [one, two, three] = await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } });
    if (one === undefined || two === undefined || three === undefined) throw new Error('three validators answer');
    const bad = forge(fleet, two, flipShareByte); // the share for validator 3 is the last one
    const reply = await fleet.ask(3, { case: 'finishKeygen', value: { ceremony, shares: [one, bad, three] } });
    if (!reply.ok) throw new Error(`a complaint was expected, not ${reply.code}`);
    const complaint = openEnvelope(fleet.genesis, reply.envelope, { round: Round.KEYGEN_COMPLAINT, ceremony });
    if (!complaint.ok) throw new Error(complaint.refusal.message);
    expect(fromBinary(KeygenComplaintSchema, complaint.value.payload).shares.map(({ dealer }) => dealer)).toEqual([2]);
    expect(
      fleet
        .get(3)
        .agent.report()
        .keysets.some(({ epoch }) => epoch === 6),
    ).toBe(false);
  });
});
