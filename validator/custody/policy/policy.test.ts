import { describe, expect, test } from '@jest/globals';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { fromHex } from '../../../domain/encoding/hex.ts';
import type { Envelope, SigningRequestSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { POLICY } from '../testkit/agents.ts';
import { newCeremony } from '../testkit/ceremonies.ts';
import { flipCommitmentByte, forge, noPoint } from '../testkit/forgery.ts';
import { vaultOwner } from '../testkit/network.ts';
import { AMOUNT, codec, payoutBench, SIGNERS } from '../testkit/payout-bench.ts';
import {
  askedFor,
  commitAs,
  commitTo,
  depositTo,
  openVault,
  type PayoutPlanned,
  type PlannedRequest,
  requestBytes,
} from '../testkit/payouts.ts';

const OTHER_SCRIPT = `0014${'cd'.repeat(20)}`;
const bench = payoutBench();

type Violation = {
  readonly rule: string;
  readonly code: string;
  /** Where asking for commitments says something else. */
  readonly atLock?: string;
  readonly plan?: () => Partial<PayoutPlanned>;
  readonly request?: (planned: PlannedRequest) => MessageInitShape<typeof SigningRequestSchema>;
  readonly commitments?: (envelopes: Envelope[]) => Envelope[];
  /** Changes the world of validator 1 after commitments were given; what it returns puts it back. */
  readonly world?: () => (() => void) | void;
};

const view = () => bench.fleet.get(1).chain;
const input = (planned: PlannedRequest) => {
  const [first] = planned.inputs;
  if (first === undefined) throw new Error('a planned payout has an input');
  return first;
};
/** Bytes of a transaction with another version: 01 instead of 02. */
const otherVersion = () => {
  const bytes = Uint8Array.from(bench.plan().transaction);
  bytes[0] = 1;
  return bytes;
};
const twoOutputs = () => {
  const bytes = Buffer.from(bench.plan().transaction);
  // One output of 31 bytes stands between the count (after 4 + 1 + 41 bytes) and the lock time: say it twice.
  const output = bytes.subarray(47, bytes.length - 4);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, 46), Buffer.from([2]), output, output, bytes.subarray(-4)]));
};

const VIOLATIONS: readonly Violation[] = [
  { rule: 'another suite', code: 'policy.signing-network', request: () => ({ suite: 'other' }) },
  { rule: 'another environment', code: 'policy.signing-network', request: () => ({ environment: 'production' }) },
  { rule: 'another network', code: 'policy.signing-network', request: () => ({ network: 'other' }) },
  { rule: 'another policy version', code: 'policy.signing-version', request: () => ({ policyVersion: 2 }) },
  {
    rule: 'a ceremony that is not for signing',
    code: 'input.request-malformed',
    atLock: 'policy.keyset-state',
    request: () => ({ ceremony: newCeremony('selftest') }),
  },
  { rule: 'a keyset nobody has', code: 'not-yet.keyset-unknown', request: () => ({ keyset: 'ff'.repeat(16) }) },
  { rule: 'another epoch', code: 'policy.keyset-epoch', request: ({ epoch }) => ({ epoch: epoch + 1 }) },
  {
    rule: 'an anchor that is not canonical',
    code: 'conflict.anchor-orphaned',
    request: () => ({ anchorHash: 'ab'.repeat(32) }),
  },
  {
    rule: 'an anchor of long ago',
    code: 'policy.anchor-old',
    request: () => {
      const { hash, height } = view().anchorAt((POLICY.anchorDepthMax ?? 0) + 1);
      return { anchorHash: hash, anchorHeight: height };
    },
  },
  {
    rule: 'a release request of a stranger',
    code: 'policy.release-signature',
    plan: () => ({ releaseKey: vaultOwner().release }),
  },
  {
    rule: 'a release request of another environment',
    code: 'policy.release-network',
    plan: () => ({ release: { environment: 'drill' } }),
  },
  {
    rule: 'a release request of another network',
    code: 'policy.release-network',
    plan: () => ({ release: { network: 'other' } }),
  },
  {
    rule: 'a release request that has expired',
    code: 'policy.release-expired',
    plan: () => ({ release: { expiresAtSeconds: Math.floor(bench.nowMs / 1000) } }),
  },
  {
    rule: 'a release request that is not a document',
    code: 'input.document-json',
    request: () => ({ releaseRequest: Buffer.from('no') }),
  },
  {
    rule: 'a vault whose terms are not held',
    code: 'not-yet.terms-unknown',
    plan: () => ({ release: { vault: 'ee'.repeat(32) as never } }),
  },
  {
    rule: 'outputs that were not released',
    code: 'policy.release-outpoints',
    plan: () => ({ release: { outpoints: [{ ...bench.outpoint, vout: 1 }] } }),
  },
  {
    rule: 'a released amount that is not the sum',
    code: 'policy.release-sum',
    plan: () => ({ release: { amountSats: AMOUNT - 1 } }),
  },
  { rule: 'two outputs', code: 'policy.payout-outputs', plan: () => ({ transaction: twoOutputs() }) },
  { rule: 'another payout script', code: 'policy.payout-script', plan: () => ({ payoutScript: OTHER_SCRIPT }) },
  {
    rule: 'a fee above the operator’s cap',
    code: 'policy.payout-fee-cap',
    plan: () => ({ feeSats: POLICY.feeCapSats + 1 }),
  },
  {
    rule: 'a lower fee than the release key signed',
    code: 'policy.payout-fee',
    plan: () => ({ feeSats: 500, release: { feeSats: 501 } }),
  },
  {
    rule: 'a higher fee than the release key signed',
    code: 'policy.payout-fee',
    plan: () => ({ feeSats: 501, release: { feeSats: 500 } }),
  },
  { rule: 'a fee below the relay floor', code: 'policy.payout-fee-floor', plan: () => ({ feeSats: 90 }) },
  { rule: 'another transaction version', code: 'policy.payout-form', plan: () => ({ transaction: otherVersion() }) },
  {
    rule: 'bytes that are no transaction',
    code: 'input.transaction',
    plan: () => ({ transaction: new Uint8Array(60) }),
  },
  {
    rule: 'no inputs',
    code: 'policy.signing-inputs',
    atLock: 'input.request-malformed',
    request: () => ({ inputs: [] }),
  },
  {
    rule: 'an input with another index',
    code: 'policy.signing-inputs',
    request: (p) => ({ inputs: [{ ...input(p), index: 1 }] }),
  },
  {
    rule: 'an input of another vault',
    code: 'policy.signing-inputs',
    request: (p) => ({ inputs: [{ ...input(p), vault: 'dd'.repeat(32) }] }),
  },
  {
    rule: 'an input with another outpoint',
    code: 'policy.signing-inputs',
    request: (p) => ({ inputs: [{ ...input(p), prevout: { ...input(p).prevout, vout: 9 } }] }),
  },
  {
    rule: 'an amount that the own view contradicts',
    code: 'policy.prevout',
    request: (p) => ({ inputs: [{ ...input(p), prevout: { ...input(p).prevout, amountSats: 1n } }] }),
  },
  {
    rule: 'a script that the own view contradicts',
    code: 'policy.prevout',
    request: (p) => ({
      inputs: [{ ...input(p), prevout: { ...input(p).prevout, script: fromHex(OTHER_SCRIPT, 'script') } }],
    }),
  },
  { rule: 'too few signers', code: 'policy.signer-set', commitments: (all) => all.slice(0, 2) },
  { rule: 'signers in another order', code: 'policy.signer-set', commitments: (all) => all.toReversed() },
  { rule: 'a signer twice', code: 'policy.round-statements', commitments: (all) => [...all, ...all.slice(0, 1)] },
  {
    rule: 'commitments for more inputs',
    code: 'policy.signer-set',
    commitments: (all) => all.map((e, at) => (at === 2 ? doubled(e) : e)),
  },
  {
    rule: 'commitments with a broken signature',
    code: 'policy.envelope-signature',
    commitments: (all) => all.map((e, at) => (at === 2 ? { ...e, signature: new Uint8Array(64) } : e)),
  },
  {
    rule: 'a payload that was changed under way',
    code: 'policy.envelope-payload',
    commitments: (all) => all.map((e, at) => (at === 2 ? { ...e, payload: e.payload.slice(1) } : e)),
  },
  {
    rule: 'a commitment that is no point',
    code: 'input.point',
    commitments: (all) => all.map((e, at) => (at === 2 ? forge(bench.fleet, e, noPoint) : e)),
  },
  {
    rule: 'own commitments that we signed but have no nonce for',
    code: 'conflict.nonce-unknown',
    commitments: (all) => all.map((e, at) => (at === 0 ? forge(bench.fleet, e, flipCommitmentByte) : e)),
  },
  {
    rule: 'a deposit that left the chain',
    code: 'not-yet.deposit',
    request: () => {
      const { hash, height } = view().anchorAt(20);
      return { anchorHash: hash, anchorHeight: height };
    },
    world: () => bench.fleet.agents.forEach(({ chain }) => chain.reorg(19)),
  },
  {
    rule: 'a deposit that is not deep enough',
    code: 'not-yet.confirmations',
    plan: () => ({ outpoints: [depositTo(bench.fleet, bench.vault, AMOUNT, POLICY.confirmationsRequired - 2)] }),
  },
  {
    rule: 'a deposit on the script of another vault',
    code: 'policy.prevout',
    plan: () => ({ outpoints: [depositTo(bench.fleet, { ...bench.vault, script: foreignScript }, AMOUNT)] }),
  },
  {
    rule: 'a deposit that is spent',
    code: 'conflict.deposit-spent',
    world: () => view().spend(bench.outpoint, 'cc'.repeat(32)),
  },
  {
    rule: 'an own node that is behind',
    code: 'not-yet.chain-syncing',
    world: () => {
      view().synced = false;
      return () => void (view().synced = true);
    },
  },
  {
    rule: 'an own node in trouble',
    code: 'not-yet.chain-syncing',
    world: () => {
      view().trouble = { code: 'unavailable.rpc', message: 'test' };
      return () => void (view().trouble = undefined);
    },
  },
  {
    rule: 'a validator that is not ready',
    code: 'not-yet.agent-state',
    world: () => {
      bench.fleet.get(1).agent.setState('degraded', ['test']);
      return () => bench.fleet.get(1).agent.setState('ready', []);
    },
  },
];
let foreignScript = '';

/** Two pairs where one was asked for: repeated protobuf fields simply follow each other. */
const doubled = (envelope: Envelope): Envelope =>
  forge(bench.fleet, { ...envelope, payload: Buffer.concat([envelope.payload, envelope.payload]) }, () => undefined);

describe('a partial signature is refused for', () => {
  test.each(VIOLATIONS.map((violation) => [violation.rule, violation] as const))('%s', async (_, violation) => {
    foreignScript = (await openVault(bench.fleet, bench.certificate)).script;
    const spare = [depositTo(bench.fleet, bench.vault, AMOUNT), depositTo(bench.fleet, bench.vault, AMOUNT)];
    const planned = bench.plan(violation.plan?.());
    const others = spare.slice(0, planned.inputs.length);
    const honest = bench.plan({ outpoints: others, amountSats: AMOUNT * others.length, feeSats: 900 });
    const commitments = await commitAs(bench.fleet, honest, planned, SIGNERS, codec);
    const restore = violation.world?.();
    const changes = violation.request?.(planned) ?? {};
    const reply = await bench.give(requestBytes(planned, violation.commitments?.(commitments) ?? commitments, changes));
    const afresh = { ceremony: newCeremony('signing'), ...changes };
    const locking = await bench.fleet.ask(1, { case: 'giveCommitments', value: askedFor(planned, afresh) });
    if (typeof restore === 'function') restore();
    expect(reply).toMatchObject({ ok: false, code: violation.code });
    // Neither does it lock outputs for it. Where the signers are wrong it has not heard of them by then.
    if (violation.commitments !== undefined) return expect(locking).toMatchObject({ ok: true });
    expect(locking).toMatchObject({ code: violation.atLock ?? violation.code });
    expect(bench.fleet.get(1).journal.releases.locksOn(`${bench.outpoint.txid}:${bench.outpoint.vout}`)).toEqual([]);
  });

  test('a fee above the maximum of the terms', async () => {
    bench.vault = await openVault(bench.fleet, bench.certificate, { maximumFeeSats: 600 });
    bench.outpoint = depositTo(bench.fleet, bench.vault, AMOUNT);
    const planned = bench.plan({ feeSats: 601 });
    expect(await bench.pay(planned)).toMatchObject({
      code: 'policy.release-fee',
    });
  });

  test('a payout that is dust', async () => {
    const small = depositTo(bench.fleet, bench.vault, 1_000);
    const honest = bench.plan({ outpoints: [small], amountSats: 1_000, feeSats: 600 });
    const bytes = Buffer.from(honest.transaction);
    bytes.writeBigUInt64LE(200n, 47);
    const planned = { ...honest, transaction: new Uint8Array(bytes) };
    expect(await bench.pay(planned)).toMatchObject({
      code: 'policy.payout-dust',
    });
  });

  test('a set of signers without this validator', async () => {
    const planned = bench.plan();
    const commitments = await commitTo(bench.fleet, planned, [2, 3, 4]);
    expect(await bench.give(requestBytes(planned, commitments))).toMatchObject({ code: 'policy.signer-set' });
  });

  test('an expiry that has come meanwhile', async () => {
    const planned = bench.plan({ release: { expiresAtSeconds: Math.floor(bench.nowMs / 1000) + 60 } });
    const request = requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
    bench.nowMs += 61_000;
    expect(await bench.give(request)).toMatchObject({ code: 'policy.release-expired' });
  });
});

test('the untouched request, which each violation started from, is signed', async () => {
  const planned = bench.plan();
  const reply = await bench.pay(planned);
  expect(reply.ok).toBe(true);
  expect(bench.fleet.get(1).journal.releases.locksOn(`${bench.outpoint.txid}:${bench.outpoint.vout}`)).toHaveLength(1);
});
