import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { CoveredStep } from '../../domain/approval/covered.ts';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { digestOf, TAGS } from '../../domain/encoding/digest.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { validatorId } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { vaultTweakOf } from '../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import {
  type KeygenParametersSchema,
  SelfTestRequestSchema,
  TermsHeldSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { TestFleet } from './testkit/agents.ts';
import {
  activeKey,
  keygenParameters,
  makeKey,
  newCeremony,
  runSelfTest,
  sharesOf,
  signersOf,
} from './testkit/ceremonies.ts';
import { testNetwork, type TestNetwork } from './testkit/network.ts';
import { commitTo, depositTo, openVault, planPayout, requestBytes } from './testkit/payouts.ts';
import { ORIGIN, rotation, votesFor, type Voted } from './testkit/votes.ts';

const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
const idsUpTo = (n: number) => Array.from({ length: n }, (_, at) => validatorId(at + 1));
const nowMs = Date.now();

/** The last validator is a spare. */
function withSpare(validators: number, threshold: number): TestNetwork {
  const network = testNetwork(validators, threshold);
  const roster = network.genesis.validators.map((entry) =>
    entry.id === validators ? { ...entry, spare: true as const } : entry,
  );
  return { ...network, genesis: { ...network.genesis, validators: roster } };
}
const fleetOf = (validators: number, threshold: number): TestFleet =>
  new TestFleet(validators, threshold, {
    codec,
    keystore,
    clock: () => nowMs,
    network: withSpare(validators, threshold),
  });

describe('fifteen of sixteen make a key, ten of them sign', () => {
  const SUSPECT = 7;
  const SPARE = 16;
  const participants = idsUpTo(16).filter((id) => id !== SUSPECT);
  let fleet: TestFleet;
  let first: KeyCertificate;
  let second: KeyCertificate;
  beforeAll(() => {
    fleet = fleetOf(16, 10);
  });
  afterAll(() => fleet.close());
  const keysOf = (id: number) =>
    fleet
      .get(id)
      .agent.report()
      .keysets.map(({ epoch, state, publicKeyShare }) => [epoch, state, publicKeyShare !== '']);

  test('the first key is made without the spare, which holds its certificate and judges by it', async () => {
    ({ certificate: first } = await activeKey(fleet));
    expect(first.package.participants).toEqual(idsUpTo(15));
    expect(first.package.origin).toBeUndefined();
    expect(keysOf(SPARE)).toEqual([[1, 'active', false]]);
    const vault = await openVault(fleet, first);
    const value = { signedTerms: encodeDocument(vault.signedTerms), keyset: first.package.keyset, watchFromHeight: 1 };
    const [said] = await fleet.askAll({ case: 'holdTerms', value }, [validatorId(SPARE)]);
    expect(toHex(fromBinary(TermsHeldSchema, said?.payload ?? new Uint8Array()).script)).toBe(vault.script);
  });

  test('the spare takes no part in what it has no share for', async () => {
    const { keyset } = first.package;
    const ceremony = `signing-${'0'.repeat(32)}`;
    expect(await fleet.ask(SPARE, { case: 'giveCommitments', value: { ceremony, keyset, count: 1 } })).toMatchObject({
      code: 'policy.key-share',
    });
    const { parameters } = keygenParameters(fleet, 2);
    expect(await fleet.ask(SPARE, { case: 'startKeygen', value: { parameters } })).toMatchObject({
      code: 'policy.key-participants',
    });
    const finished = { ceremony: `keygen-${keyset}`, shares: [] };
    expect(await fleet.ask(SPARE, { case: 'finishKeygen', value: finished })).toMatchObject({
      code: 'policy.key-share',
    });
    expect(await fleet.ask(1, { case: 'finishKeygen', value: finished })).toMatchObject({ ok: true });
  });

  test('the voted key has the ids of its participants, gap and all, and everyone ends with one certificate', async () => {
    const proof = encodeDocument(votesFor(fleet.network, rotation(participants), { nowMs }));
    ({ certificate: second } = await activeKey(fleet, 2, { participants, origin: ORIGIN, proof }));
    expect(verifyCertificate(second, fleet.genesis)).toMatchObject({ ok: true });
    expect(second.package).toMatchObject({ participants, origin: ORIGIN, epoch: 2 });
    expect(second.signatures.map(({ validator }) => validator)).toEqual(participants);
    expect(keysOf(SPARE)).toEqual([
      [1, 'draining', false],
      [2, 'active', true],
    ]);
    expect(keysOf(SUSPECT)).toEqual([
      [1, 'draining', true],
      [2, 'active', false],
    ]);
  });

  test('any ten of them sign a payout under it, the spare among them; the suspect has no say', async () => {
    const vault = await openVault(fleet, second);
    const outpoint = depositTo(fleet, vault);
    const plan = planPayout(fleet, codec, vault, { outpoints: [outpoint], amountSats: 100_000, feeSats: 500 });
    const signers = [...participants.filter((id) => id % 2 === 0), ...participants.filter((id) => id % 2 === 1)]
      .slice(0, 10)
      .sort((a, b) => a - b);
    expect(signers).toContain(SPARE);
    const commitments = await commitTo(fleet, plan, signers);
    const request = requestBytes(plan, commitments);
    const partials = await fleet.askAll({ case: 'givePartials', value: { request } }, signers);
    const [message = new Uint8Array()] = codec.sighashes(plan.transaction, [
      { script: vault.script, amountSats: 100_000 },
    ]);
    const tweak = vaultTweakOf(vault.signedTerms.terms);
    const { outputKey } = verifyingSuite.deriveOutput(second.package, tweak);
    const signature = verifyingSuite.aggregate(
      second.package,
      tweak,
      signersOf(commitments, 0),
      message,
      sharesOf(partials, 0),
    );
    expect(verifyingSuite.verifySignature(outputKey, message, signature)).toBe(true);
    expect(await fleet.ask(SUSPECT, { case: 'givePartials', value: { request } })).toMatchObject({ ok: false });
    await expect(commitTo(fleet, plan, [SUSPECT])).rejects.toThrow('policy.key-share');
  });

  test('whoever is named and has lost its share vouches for nothing', async () => {
    const stranger = new TestFleet(16, 10, { codec, keystore, clock: () => nowMs, network: fleet.network });
    try {
      const hold = { case: 'holdCertificate', value: { certificate: encodeDocument(second) } } as const;
      expect(await stranger.ask(3, hold)).toMatchObject({ code: 'not-yet.keyset-unknown' });
      expect(await stranger.ask(SUSPECT, hold)).toMatchObject({ ok: true });
      const fewer = { ...second, signatures: second.signatures.slice(1) };
      expect(
        await stranger.ask(SUSPECT, { case: 'holdCertificate', value: { certificate: encodeDocument(fewer) } }),
      ).toMatchObject({ ok: true }); // it holds the whole one already, and says so of that one
      const other = { ...second, package: { ...second.package, epoch: 3 } };
      expect(
        await stranger.ask(1, { case: 'holdCertificate', value: { certificate: encodeDocument(other) } }),
      ).toMatchObject({ ok: false });
    } finally {
      await stranger.close();
    }
  });
});

describe('a key that is asked for in the name of a run', () => {
  /** Six validators, the last one a spare; three sign, so four make a key. */
  const NAMED = [1, 2, 4, 5, 6];
  let fleet: TestFleet;
  beforeAll(async () => {
    fleet = fleetOf(6, 3);
    await activeKey(fleet);
  });
  afterAll(() => fleet.close());

  const covers = (change: CoveredStep['arguments'] = {}): readonly CoveredStep[] =>
    rotation(NAMED).map((step) =>
      step.step === 'rotate' ? { ...step, arguments: { ...step.arguments, smallest: { value: 4 }, ...change } } : step,
    );
  type Proposal = {
    readonly epoch?: number;
    readonly participants?: readonly number[];
    readonly origin?: Partial<typeof ORIGIN> | undefined;
    readonly purpose?: string;
    readonly votes?: Omit<Voted, 'nowMs'>;
    readonly covers?: readonly CoveredStep[];
    readonly proof?: Uint8Array;
    readonly at?: number;
  };
  /** What validator `at` says to it. */
  const start = (proposal: Proposal) => {
    const { epoch = 2, participants = NAMED, purpose = 'test', votes = {}, at = 1 } = proposal;
    const origin =
      'origin' in proposal && proposal.origin === undefined ? undefined : { ...ORIGIN, ...proposal.origin };
    const changes: MessageInitShape<typeof KeygenParametersSchema> = {
      participants: [...participants],
      purpose,
      ...(origin === undefined ? {} : { origin }),
    };
    const { parameters } = keygenParameters(fleet, epoch, changes);
    const proof =
      proposal.proof ?? encodeDocument(votesFor(fleet.network, proposal.covers ?? covers(), { nowMs, ...votes }));
    return fleet.ask(at, { case: 'startKeygen', value: { parameters, proof } });
  };
  const seconds = Math.floor(nowMs / 1_000);
  const other = digestOf(TAGS.plan);

  const attacks: readonly (readonly [string, string, Proposal])[] = [
    ['with votes of another run', 'policy.vote-run', { votes: { subject: { run: 'runPlaybook/test/2' } } }],
    ['in the name of another run', 'policy.vote-run', { origin: { run: 'runPlaybook/test/2' } }],
    ['with votes on another playbook', 'policy.vote-playbook', { votes: { subject: { playbook: other } } }],
    ['for another step of the run', 'policy.step-not-covered', { origin: { step: 'rotate-again' } }],
    ['for the step that sweeps', 'policy.step-not-covered', { origin: { step: 'sweep' } }],
    ['of another epoch than was voted for', 'policy.vote-arguments', { epoch: 3 }],
    ['with another purpose', 'policy.vote-arguments', { purpose: 'theft' }],
    ['with votes that have expired', 'policy.vote-expired', { votes: { subject: { expiresAtSeconds: seconds } } }],
    ['with votes of another committee', 'policy.vote-committee', { votes: { subject: { committee: other } } }],
    ['with votes of a later committee', 'policy.vote-epoch', { votes: { subject: { committeeEpoch: 2 } } }],
    ['with votes of a drill', 'policy.vote-environment', { votes: { subject: { environment: 'drill' } } }],
    ['with votes of another network', 'policy.vote-network', { votes: { subject: { network: 'mainland' } } }],
    ['with votes on a freeze', 'policy.vote-downgraded', { votes: { subject: { class: 'freeze' } } }],
    ['with everybody’s no', 'policy.vote-quorum', { votes: { choice: 'reject' } }],
    ['with a vote too few', 'policy.vote-quorum', { votes: { voters: [] } }],
    ['with a participant that nobody voted for', 'policy.key-participants', { participants: [1, 2, 3, 4, 5] }],
    ['with the suspect added', 'policy.key-participants', { participants: [1, 2, 3, 4, 5, 6] }],
    ['by fewer than the smallest', 'policy.key-participants', { participants: [1, 2, 4] }],
    [
      'by as few as must sign, although the votes allow it',
      'policy.key-participants',
      { participants: [1, 2, 4], covers: covers({ smallest: { value: 3 } }) },
    ],
    ['by somebody twice', 'policy.key-participants', { participants: [1, 1, 2, 4] }],
    ['in another order', 'policy.key-participants', { participants: [2, 1, 4, 5] }],
    ['with a stranger', 'policy.key-participants', { participants: [1, 2, 4, 9] }],
    ['that leaves out whoever is asked', 'policy.key-participants', { participants: [2, 4, 5, 6] }],
    ['without votes', 'policy.keygen-proof', { proof: new Uint8Array(0) }],
    ['with votes that nobody can read', 'input.document-field', { proof: Buffer.from('{}') }],
    ['by the spare without an origin', 'policy.key-participants', { origin: undefined, proof: new Uint8Array(0) }],
    [
      'by all validators, with votes and without an origin',
      'policy.keygen-proof',
      { origin: undefined, participants: [1, 2, 3, 4, 5] },
    ],
  ];
  test.each(attacks)('is not begun %s', async (_name, code, proposal) => {
    const before = fleet.get(1).journal.steps.ceremonies(100).length;
    expect(await start(proposal)).toMatchObject({ ok: false, code });
    expect(fleet.get(1).journal.steps.ceremonies(100)).toHaveLength(before);
  });

  test('is begun as it was voted for, by all that were named or by enough of them', async () => {
    expect(await start({})).toMatchObject({ ok: true });
    expect(await start({ participants: [1, 2, 4, 6] })).toMatchObject({ ok: true });
  });

  test('is made again without one that went away before it was proven, and never once it is active', async () => {
    const proof = encodeDocument(votesFor(fleet.network, covers(), { nowMs }));
    const all = await makeKey(fleet, 2, { participants: NAMED.map(validatorId), origin: ORIGIN, proof });
    const hold = encodeDocument(all.certificate);
    await fleet.askAll({ case: 'holdCertificate', value: { certificate: hold } }, NAMED.map(validatorId));
    expect(await start({ origin: undefined, participants: [1, 2, 3, 4, 5], proof: new Uint8Array(0) })).toMatchObject({
      code: 'conflict.keygen-epoch',
    });
    const participants = [1, 2, 4, 6].map(validatorId);
    const left = await activeKey(fleet, 2, { participants, origin: ORIGIN, proof });
    expect(left.certificate.package.participants).toEqual([1, 2, 4, 6]);
    expect(await start({})).toMatchObject({ code: 'conflict.keygen-epoch' });
  });

  test('a round with a statement of somebody who takes no part is refused', async () => {
    const proof = encodeDocument(votesFor(fleet.network, rotation(NAMED, 2), { nowMs }));
    const participants = NAMED.map(validatorId);
    const { parameters, ceremony } = keygenParameters(fleet, 3, { participants: NAMED, origin: ORIGIN });
    const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters, proof } }, participants);
    const [one, ...others] = commitments;
    if (one === undefined) throw new Error('five validators answer');
    const shares = (round: typeof commitments) =>
      fleet.ask(1, { case: 'keygenShares', value: { ceremony, commitments: round } });
    expect(await shares(others)).toMatchObject({ code: 'policy.round-statements' });
    expect(await shares([...others, ...others.slice(0, 1)])).toMatchObject({ code: 'policy.round-statements' });
    expect(await shares(commitments)).toMatchObject({ ok: true });
  });

  test('the self-test of a key takes all its participants', async () => {
    const proof = encodeDocument(votesFor(fleet.network, rotation(NAMED, 2), { nowMs }));
    const participants = NAMED.map(validatorId);
    const { certificate } = await makeKey(fleet, 3, { participants, origin: ORIGIN, proof });
    await fleet.askAll({ case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } });
    const { keyset, epoch } = certificate.package;
    const ceremony = newCeremony('selftest');
    const count = { ceremony, keyset, count: 1 };
    const commitments = await fleet.askAll({ case: 'giveCommitments', value: count }, participants);
    const request = (round: typeof commitments) =>
      toBinary(
        SelfTestRequestSchema,
        create(SelfTestRequestSchema, { ceremony, keyset, epoch, commitments: [...round] }),
      );
    const give = (round: typeof commitments) =>
      fleet.ask(1, { case: 'giveSelfTestPartial', value: { request: request(round) } });
    expect(await give(commitments.slice(0, 4))).toMatchObject({ code: 'policy.signer-set' });
    expect(await give(commitments)).toMatchObject({ ok: true });
    await fleet.askAll({ case: 'activateKey', value: await runSelfTest(fleet, certificate.package) }, idsUpTo(6));
    expect(fleet.get(3).agent.report().keysets.at(-1)).toMatchObject({ epoch: 3, state: 'active', publicKeyShare: '' });
  });
});
