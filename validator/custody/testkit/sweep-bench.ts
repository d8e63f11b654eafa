import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { Proof } from '../../../domain/approval/execution.ts';
import type { KeyCertificate } from '../../../domain/ceremony/ceremony.ts';
import { validatorId } from '../../../domain/network/network.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../../plugins/keystore/memory/index.ts';
import { vaultScript } from '../../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import { TestFleet } from './agents.ts';
import { activeKey, makeKey, runSelfTest } from './ceremonies.ts';
import { AMOUNT } from './payout-bench.ts';
import {
  depositTo,
  openVault,
  payBy,
  type PayoutPlanned,
  type PlannedRequest,
  planPayout,
  type TestVault,
} from './payouts.ts';
import { type PlannedSweep, planSweep, type SweepPlanned } from './sweeps.ts';
import { ORIGIN, rotation, votesFor } from './votes.ts';

const codec = transactionCodec('regtest');
/** Who makes the next key: all but the suspect, who is validator 5. */
export const PARTICIPANTS = [1, 2, 3, 4].map(validatorId);
export const SUSPECT = 5;

/**
 * Five validators of which three sign. Their first key has given addresses to some vaults and is draining; its successor, made by
 * four of them on votes of the committee, is active. Fields are ready inside tests, and each test has a vault of its own.
 */
export type SweepBench = {
  fleet: TestFleet;
  old: KeyCertificate;
  next: KeyCertificate;
  proof: Proof;
  /** Held under the old key, with one deposit. */
  vault: TestVault;
  outpoint: Outpoint;
  /** The present vault as its participants hold it under that key. */
  under(key: KeyCertificate): Promise<TestVault>;
  /** Others that were opened while the old key was active. */
  spare(): TestVault;
  /** The clock of all five. */
  nowMs: number;
  plan(changes?: Partial<SweepPlanned>): PlannedSweep;
  payout(changes?: Partial<PayoutPlanned>): PlannedRequest;
  /** With commitments of `signers`, asked of one of them. */
  ask(planned: PlannedRequest, id?: number, signers?: readonly number[]): ReturnType<TestFleet['ask']>;
};

/** Registers its own hooks; call once at the top of a test file. `vaults`: how many its tests need in all. */
export function sweepBench(vaults: number): SweepBench {
  let opened: TestVault[] = [];
  const bench = {
    nowMs: Date.now(),
    spare: () => {
      const vault = opened.pop();
      if (vault === undefined) throw new Error('this file of tests needs more vaults');
      return vault;
    },
    under: async (key) => {
      const { signedTerms } = bench.vault;
      const value = { signedTerms: encodeDocument(signedTerms), keyset: key.package.keyset, watchFromHeight: 1 };
      await bench.fleet.askAll({ case: 'holdTerms', value }, key.package.participants);
      return { ...bench.vault, certificate: key, script: vaultScript(key.package, signedTerms.terms) };
    },
    plan: (changes = {}) =>
      planSweep(bench.fleet, codec, bench.vault, {
        outpoints: [bench.outpoint],
        amountSats: AMOUNT,
        feeSats: 500,
        successor: bench.next,
        proof: bench.proof,
        ...changes,
      }),
    payout: (changes = {}) =>
      planPayout(bench.fleet, codec, bench.vault, {
        outpoints: [bench.outpoint],
        amountSats: AMOUNT,
        feeSats: 500,
        ...changes,
      }),
    ask: (planned, id = 1, signers = [1, 2, SUSPECT]) => payBy(bench.fleet, planned, signers, id),
  } as SweepBench;

  beforeAll(async () => {
    const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
    bench.fleet = new TestFleet(5, 3, { codec, keystore, clock: () => bench.nowMs });
    ({ certificate: bench.old } = await activeKey(bench.fleet));
    opened = [];
    for (let count = 0; count < vaults; count += 1) opened.push(await openVault(bench.fleet, bench.old));
    bench.proof = votesFor(bench.fleet.network, rotation(PARTICIPANTS), { nowMs: bench.nowMs });
    bench.next = await rotate(bench.fleet, bench.proof);
  }, 60_000);
  afterAll(() => bench.fleet.close());
  beforeEach(() => {
    bench.vault = bench.spare();
    bench.outpoint = depositTo(bench.fleet, bench.vault, AMOUNT);
  });
  return bench;
}

/** The suspect hears nothing of the new key: it is the one that may be switched off. */
async function rotate(fleet: TestFleet, proof: Proof): Promise<KeyCertificate> {
  const { certificate } = await makeKey(fleet, 2, {
    participants: PARTICIPANTS,
    origin: ORIGIN,
    proof: encodeDocument(proof),
  });
  await fleet.askAll({ case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } }, PARTICIPANTS);
  const test = await runSelfTest(fleet, certificate.package);
  await fleet.askAll({ case: 'activateKey', value: test }, PARTICIPANTS);
  return certificate;
}
