import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { KeyCertificate } from '../../../domain/ceremony/ceremony.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../../plugins/keystore/memory/index.ts';
import type { SigningPolicy } from '../dependencies.ts';
import { TestFleet } from './agents.ts';
import { activeKey } from './ceremonies.ts';
import {
  depositTo,
  payBy,
  openVault,
  type PayoutPlanned,
  type PlannedRequest,
  planPayout,
  type TestVault,
} from './payouts.ts';

/** Satoshis of the deposit that every test starts with. */
export const AMOUNT = 100_000;
export const SIGNERS = [1, 2, 3];
export const codec = transactionCodec('regtest');

/** Four validators with an active 3-of-4 key and, for each test, a fresh vault with one deposit. Fields are ready inside tests. */
export type PayoutBench = {
  fleet: TestFleet;
  certificate: KeyCertificate;
  vault: TestVault;
  outpoint: Outpoint;
  /** The clock of all four. */
  nowMs: number;
  plan(changes?: Partial<PayoutPlanned>): PlannedRequest;
  give(request: Uint8Array): ReturnType<TestFleet['ask']>;
  /** The whole way: commitments of `signers`, then the partial signature of one of them, or the first no that it says. */
  pay(planned: PlannedRequest, signers?: readonly number[], id?: number): ReturnType<TestFleet['ask']>;
};

/** Registers its own hooks; call once at the top of a test file. */
export function payoutBench(policy: Partial<SigningPolicy> = {}): PayoutBench {
  const bench = {
    nowMs: Date.now(),
    plan: (changes = {}) =>
      planPayout(bench.fleet, codec, bench.vault, {
        outpoints: [bench.outpoint],
        amountSats: AMOUNT,
        feeSats: 500,
        ...changes,
      }),
    give: (request) => bench.fleet.ask(1, { case: 'givePartials', value: { request } }),
    pay: (planned, signers = SIGNERS, id = 1) => payBy(bench.fleet, planned, signers, id),
  } as PayoutBench;

  beforeAll(async () => {
    const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
    bench.fleet = new TestFleet(4, 3, { codec, keystore, clock: () => bench.nowMs, policy });
    ({ certificate: bench.certificate } = await activeKey(bench.fleet));
  });
  afterAll(() => bench.fleet.close());
  beforeEach(async () => {
    bench.vault = await openVault(bench.fleet, bench.certificate);
    bench.outpoint = depositTo(bench.fleet, bench.vault, AMOUNT);
  });
  return bench;
}
