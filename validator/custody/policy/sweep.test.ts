import { describe, expect, test } from '@jest/globals';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CoveredStep } from '../../../domain/approval/covered.ts';
import type { Proof } from '../../../domain/approval/execution.ts';
import type { KeyCertificate } from '../../../domain/ceremony/ceremony.ts';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import { bySweepOrder } from '../../../domain/vault/sweep.ts';
import { vaultScript } from '../../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import type { SigningRequestSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { POLICY } from '../testkit/agents.ts';
import { newCeremony } from '../testkit/ceremonies.ts';
import { hostKey } from '../testkit/network.ts';
import { AMOUNT, codec } from '../testkit/payout-bench.ts';
import { askedFor, commitAs, depositTo, requestBytes } from '../testkit/payouts.ts';
import { PARTICIPANTS, SUSPECT, sweepBench } from '../testkit/sweep-bench.ts';
import { dealtCertificate, type PlannedSweep, type SweepPlanned } from '../testkit/sweeps.ts';
import { ORIGIN, rotation, type Voted, votesFor } from '../testkit/votes.ts';

const bench = sweepBench(80);
const network = () => bench.fleet.network;
const terms = () => bench.vault.signedTerms.terms;
const lockOf = (id = 1) =>
  bench.fleet.get(id).journal.releases.locksOn(`${bench.outpoint.txid}:${bench.outpoint.vout}`)[0];
const votes = (covers: readonly CoveredStep[], voted: Partial<Voted> = {}): Proof =>
  votesFor(network(), covers, { nowMs: bench.nowMs, ...voted });
const [rotate, sweep] = rotation(PARTICIPANTS) as [CoveredStep, CoveredStep];
/** Members named the very certificate instead of the step that makes it. */
const byDigest = (successor: KeyCertificate, fromEpoch = 1): readonly CoveredStep[] => [
  {
    ...sweep,
    arguments: {
      fromEpoch: { value: fromEpoch },
      toEpoch: { value: successor.package.epoch },
      certificate: { value: sha256Hex(encodeDocument(successor)) },
    },
  },
];
const dealt = (change: Partial<Parameters<typeof dealtCertificate>[2]> = {}): KeyCertificate =>
  dealtCertificate(bench.fleet, 'a key of nobody', { epoch: 2, participants: PARTICIPANTS, origin: ORIGIN, ...change });
const twoOutputs = () => {
  const bytes = Buffer.from(bench.plan().transaction);
  // One P2TR output of 43 bytes stands between the count (after 4 + 1 + 41 bytes) and the lock time: say it twice.
  const output = bytes.subarray(47, bytes.length - 4);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, 46), Buffer.from([2]), output, output, bytes.subarray(-4)]));
};
const input = (planned: PlannedSweep) => {
  const [first] = planned.inputs;
  if (first === undefined) throw new Error('a planned sweep has an input');
  return first;
};

type Violation = {
  readonly rule: string;
  readonly code: string;
  /** Where asking for commitments says something else. */
  readonly atLock?: string;
  readonly plan?: () => Partial<SweepPlanned>;
  readonly request?: (planned: PlannedSweep) => MessageInitShape<typeof SigningRequestSchema>;
  /** Changes the world after commitments were given; what it returns puts it back. */
  readonly world?: () => (() => void) | void;
};

const VIOLATIONS: readonly Violation[] = [
  { rule: 'the recorded script', code: 'policy.sweep-script', plan: () => ({ script: terms().payoutScript }) },
  { rule: 'a script of anybody', code: 'policy.sweep-script', plan: () => ({ script: `0014${'cd'.repeat(20)}` }) },
  {
    rule: 'the same vault under the key that it is leaving',
    code: 'policy.sweep-script',
    plan: () => ({ script: bench.vault.script }),
  },
  {
    rule: 'another vault under the successor',
    code: 'policy.sweep-script',
    plan: () => ({ script: vaultScript(bench.next.package, bench.spare().signedTerms.terms) }),
  },
  {
    rule: 'the same vault under a key that is not the successor',
    code: 'policy.sweep-script',
    plan: () => ({ script: vaultScript(dealt().package, terms()) }),
  },
  {
    rule: 'its inputs in another order than the one that all agree on',
    code: 'policy.payout-form',
    plan: () => {
      const both = [bench.outpoint, depositTo(bench.fleet, bench.vault, AMOUNT)];
      const outpoints = both.toSorted(bySweepOrder).toReversed();
      return { outpoints, isOrderKept: true, amountSats: 2 * AMOUNT, feeSats: 900 };
    },
  },
  { rule: 'two outputs', code: 'policy.payout-outputs', plan: () => ({ transaction: twoOutputs() }) },
  {
    rule: 'votes in another run',
    code: 'policy.vote-run',
    plan: () => ({ proof: votes([rotate, sweep], { subject: { run: 'runPlaybook/test/2' } }) }),
  },
  {
    rule: 'votes on another plan',
    code: 'policy.vote-playbook',
    plan: () => ({ proof: votes([rotate, sweep], { subject: { playbook: sha256Hex(Buffer.from('another')) } }) }),
  },
  {
    rule: 'votes that lift instead of change',
    code: 'policy.vote-class',
    plan: () => ({ proof: votes([rotate, sweep], { subject: { class: 'lift' } }) }),
  },
  {
    rule: 'votes of another environment',
    code: 'policy.vote-environment',
    plan: () => ({ proof: votes([rotate, sweep], { subject: { environment: 'drill' } }) }),
  },
  {
    rule: 'votes of another committee',
    code: 'policy.vote-epoch',
    plan: () => ({ proof: votes([rotate, sweep], { subject: { committeeEpoch: 2 } }) }),
  },
  {
    rule: 'votes that have expired',
    code: 'policy.vote-expired',
    plan: () => ({
      proof: votes([rotate, sweep], { subject: { expiresAtSeconds: Math.floor(bench.nowMs / 1_000) } }),
    }),
  },
  {
    rule: 'too few votes',
    code: 'policy.vote-quorum',
    plan: () => ({ proof: votes([rotate, sweep], { voters: network().committee.slice(0, 2) }) }),
  },
  {
    rule: 'votes against it',
    code: 'policy.vote-quorum',
    plan: () => ({ proof: votes([rotate, sweep], { choice: 'reject' }) }),
  },
  {
    rule: 'a vote of somebody without a seat',
    code: 'policy.vote-stranger',
    plan: () => ({ proof: votes([rotate, sweep], { voters: [...network().committee, hostKey()] }) }),
  },
  {
    rule: 'one vote counted twice',
    code: 'conflict.vote-repeated',
    plan: () => {
      const [first] = network().committee;
      return { proof: votes([rotate, sweep], { voters: first === undefined ? [] : [first, first, first] }) };
    },
  },
  {
    rule: 'votes whose covered steps were changed after',
    code: 'policy.vote-arguments',
    plan: () => ({ proof: { ...bench.proof, covers: rotation(PARTICIPANTS.slice(0, 3)) } }),
  },
  {
    rule: 'votes on a sweep of another epoch',
    code: 'policy.vote-arguments',
    plan: () => ({
      proof: votes([rotate, { ...sweep, arguments: { ...sweep.arguments, fromEpoch: { value: 7 } } }]),
    }),
  },
  {
    rule: 'votes on a sweep with an argument more',
    code: 'policy.vote-arguments',
    plan: () => ({
      proof: votes([rotate, { ...sweep, arguments: { ...sweep.arguments, only: { value: 'some' } } }]),
    }),
  },
  {
    rule: 'the step that makes the key in the place of the one that sweeps',
    code: 'policy.step-not-covered',
    plan: () => ({ step: 'rotate' }),
  },
  { rule: 'a step that nobody voted on', code: 'policy.step-not-covered', plan: () => ({ step: 'later' }) },
  {
    rule: 'votes on a rotation without a sweep',
    code: 'policy.step-not-covered',
    plan: () => ({ proof: votes([rotate]) }),
  },
  {
    rule: 'votes on another process of that name of step',
    code: 'policy.step-not-covered',
    plan: () => ({ proof: votes([rotate, { ...sweep, name: 'payOut' }]) }),
  },
  {
    rule: 'votes on the key that another step makes',
    code: 'not-yet.output',
    plan: () => {
      const other = { ...rotate, step: 'rotateAgain' };
      const certificate = { output: { step: 'rotateAgain', name: 'certificate' } };
      return { proof: votes([rotate, other, { ...sweep, arguments: { ...sweep.arguments, certificate } }]) };
    },
  },
  {
    rule: 'a successor that no run asked for, while the votes are about one that their run makes',
    code: 'policy.sweep-origin',
    plan: () => {
      const all = network().genesis.validators.map(({ id }) => id);
      const { origin: _none, ...made } = dealtCertificate(bench.fleet, 'no run', {
        epoch: 2,
        participants: all,
      }).package;
      return { successor: dealtCertificate(bench.fleet, 'no run', made) };
    },
  },
  {
    rule: 'a successor of another run',
    code: 'policy.vote-run',
    plan: () => ({ successor: dealt({ origin: { ...ORIGIN, run: 'runPlaybook/test/2' } }) }),
  },
  {
    rule: 'a successor of another plan',
    code: 'policy.vote-playbook',
    plan: () => ({ successor: dealt({ origin: { ...ORIGIN, playbook: sha256Hex(Buffer.from('another')) } }) }),
  },
  {
    rule: 'a successor of another step',
    code: 'not-yet.output',
    plan: () => ({ successor: dealt({ origin: { ...ORIGIN, step: 'elsewhere' } }) }),
  },
  {
    rule: 'a successor that this validator takes part in and does not have',
    code: 'not-yet.sweep-successor',
    plan: () => ({ successor: dealt() }),
  },
  {
    rule: 'a certificate with a broken signature',
    code: 'policy.certificate-signature',
    plan: () => ({
      successor: {
        ...bench.next,
        signatures: bench.next.signatures.map((each, at) =>
          at === 2 ? { ...each, signature: '00'.repeat(64) } : each,
        ),
      },
    }),
  },
  {
    rule: 'a certificate that lacks a signature',
    code: 'policy.certificate-incomplete',
    plan: () => ({ successor: { ...bench.next, signatures: bench.next.signatures.slice(1) } }),
  },
  {
    rule: 'a certificate of a package that was changed after',
    code: 'policy.certificate-signature',
    plan: () => ({ successor: { ...bench.next, package: { ...bench.next.package, epoch: 3 } } }),
  },
  {
    rule: 'a certificate of too few hosts',
    code: 'policy.certificate-roster',
    plan: () => ({ successor: dealt({ participants: PARTICIPANTS.slice(0, 3) }) }),
  },
  {
    rule: 'a release request beside the votes',
    code: 'policy.signing-warrant',
    request: () => ({ releaseRequest: bench.payout().releaseRequest }),
  },
  {
    rule: 'a proof that is no document',
    code: 'input.document-json',
    request: (planned) => ({ sweep: { ...planned.sweep, proof: Buffer.from('no') } }),
  },
  {
    rule: 'a successor that is no document',
    code: 'input.document-json',
    request: (planned) => ({ sweep: { ...planned.sweep, successor: Buffer.from('no') } }),
  },
  {
    rule: 'a fee above the operator’s cap',
    code: 'policy.payout-fee-cap',
    plan: () => ({ feeSats: POLICY.feeCapSats + 1 }),
  },
  { rule: 'a fee below the relay floor', code: 'policy.payout-fee-floor', plan: () => ({ feeSats: 100 }) },
  { rule: 'another policy version', code: 'policy.signing-version', request: () => ({ policyVersion: 2 }) },
  { rule: 'another epoch of the old key', code: 'policy.keyset-epoch', request: () => ({ epoch: 2 }) },
  { rule: 'a key that nobody has', code: 'not-yet.keyset-unknown', request: () => ({ keyset: 'ff'.repeat(16) }) },
  {
    rule: 'an anchor that is not canonical',
    code: 'conflict.anchor-orphaned',
    request: () => ({ anchorHash: 'ab'.repeat(32) }),
  },
  {
    rule: 'no inputs',
    code: 'not-yet.terms-unknown',
    atLock: 'input.request-malformed',
    request: () => ({ inputs: [] }),
  },
  {
    rule: 'a vault that is not held',
    code: 'not-yet.terms-unknown',
    request: (planned) => ({ inputs: [{ ...input(planned), vault: 'dd'.repeat(32) }] }),
  },
  {
    rule: 'coins of another vault',
    code: 'policy.prevout',
    plan: () => ({ outpoints: [depositTo(bench.fleet, bench.spare(), AMOUNT)] }),
  },
  {
    rule: 'coins of two vaults at once',
    code: 'policy.prevout',
    plan: () => ({
      outpoints: [bench.outpoint, depositTo(bench.fleet, bench.spare(), AMOUNT)],
      amountSats: 2 * AMOUNT,
    }),
  },
  {
    rule: 'an amount that the own view contradicts',
    code: 'policy.prevout',
    request: (planned) => ({ inputs: [{ ...input(planned), prevout: { ...input(planned).prevout, amountSats: 1n } }] }),
  },
  {
    rule: 'a deposit that is not deep enough',
    code: 'not-yet.confirmations',
    plan: () => ({ outpoints: [depositTo(bench.fleet, bench.vault, AMOUNT, POLICY.confirmationsRequired - 2)] }),
  },
  {
    rule: 'a deposit that is spent',
    code: 'conflict.deposit-spent',
    world: () => bench.fleet.get(1).chain.spend(bench.outpoint, 'cc'.repeat(32)),
  },
  {
    rule: 'an own node that is behind',
    code: 'not-yet.chain-syncing',
    world: () => {
      bench.fleet.get(1).chain.synced = false;
      return () => void (bench.fleet.get(1).chain.synced = true);
    },
  },
];

describe('a sweep is refused for', () => {
  test.each(VIOLATIONS.map((violation) => [violation.rule, violation] as const))('%s', async (_, violation) => {
    const spare = [depositTo(bench.fleet, bench.vault, AMOUNT), depositTo(bench.fleet, bench.vault, AMOUNT)];
    const planned = bench.plan(violation.plan?.());
    const others = spare.slice(0, planned.inputs.length);
    const honest = bench.plan({ outpoints: others, amountSats: AMOUNT * others.length });
    const commitments = await commitAs(bench.fleet, honest, planned, [1, 2, SUSPECT], codec);
    const restore = violation.world?.();
    const changes = violation.request?.(planned) ?? {};
    const request = requestBytes(planned, commitments, changes);
    const reply = await bench.fleet.ask(1, { case: 'givePartials', value: { request } });
    const afresh = { ceremony: newCeremony('signing'), ...changes };
    const locking = await bench.fleet.ask(1, { case: 'giveCommitments', value: askedFor(planned, afresh) });
    if (typeof restore === 'function') restore();
    expect(reply).toMatchObject({ ok: false, code: violation.code });
    expect(locking).toMatchObject({ ok: false, code: violation.atLock ?? violation.code });
    expect(lockOf()).toBeUndefined();
  });

  test('dust', async () => {
    const small = depositTo(bench.fleet, bench.vault, 1_000);
    const bytes = Buffer.from(bench.plan({ outpoints: [small], amountSats: 1_000, feeSats: 600 }).transaction);
    bytes.writeBigUInt64LE(200n, 47);
    const planned = bench.plan({ outpoints: [small], amountSats: 1_000, transaction: new Uint8Array(bytes) });
    expect(await bench.ask(planned)).toMatchObject({ code: 'policy.payout-dust' });
  });

  test('an earlier key, whatever the members voted', async () => {
    bench.vault = await bench.under(bench.next);
    const outpoint = depositTo(bench.fleet, bench.vault, AMOUNT);
    const back = bench.plan({ outpoints: [outpoint], successor: bench.old, proof: votes(byDigest(bench.old, 2)) });
    expect(await bench.ask(back, 1, [1, 2, 3])).toMatchObject({ code: 'policy.sweep-successor' });
  });
});

test('the untouched request, which each violation started from, is signed, also by the suspect who has no share of the next key', async () => {
  expect((await bench.ask(bench.plan())).ok).toBe(true);
  expect((await bench.ask(bench.plan(), SUSPECT)).ok).toBe(true);
  expect(lockOf()).toBeDefined();
});

test('whoever has no share of the successor gives no addresses of the old key any more once it has judged a sweep', async () => {
  const { journal } = bench.fleet.get(SUSPECT);
  expect((await bench.ask(bench.plan(), SUSPECT)).ok).toBe(true);
  expect(journal.keysets.get(bench.old.package.keyset)?.state).toBe('draining');
});

test('members may name the certificate itself: late coins follow the others with the votes of a later run', async () => {
  const proof = votes(byDigest(bench.next), { subject: { run: 'runPlaybook/test/9', step: 'lateConsent' } });
  expect((await bench.ask(bench.plan({ proof }))).ok).toBe(true);
  const other = votes(byDigest(dealt()), { subject: { run: 'runPlaybook/test/9', step: 'lateConsent' } });
  expect(await bench.ask(bench.plan({ proof: other }))).toMatchObject({ code: 'policy.vote-arguments' });
});

test('several deposits of a vault move together', async () => {
  const second = depositTo(bench.fleet, bench.vault, AMOUNT);
  const planned = bench.plan({ outpoints: [bench.outpoint, second], amountSats: 2 * AMOUNT, feeSats: 900 });
  expect((await bench.ask(planned)).ok).toBe(true);
});
