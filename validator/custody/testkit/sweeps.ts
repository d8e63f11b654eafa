import { sign } from 'node:crypto';
import type { Proof } from '../../../domain/approval/execution.ts';
import type { KeyCertificate, PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import { certificateDigest } from '../../../domain/ceremony/digests.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import type { TransactionCodec } from '../../../domain/ports/chain.ts';
import { bySweepOrder } from '../../../domain/vault/sweep.ts';
import type { Outpoint, Sats } from '../../../domain/vault/terms.ts';
import { dealKeyset } from '../../../threshold/testkit/keyset.ts';
import { vaultScript } from '../../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import type { TestFleet } from './agents.ts';
import { type PlannedRequest, planPayout, type TestVault } from './payouts.ts';

export type SweepPlanned = {
  readonly outpoints: readonly Outpoint[];
  /** Else in the order that validators demand. */
  readonly isOrderKept?: true;
  readonly amountSats: Sats;
  readonly feeSats: Sats;
  readonly successor: KeyCertificate;
  readonly proof: Proof;
  readonly step?: string;
  /** Where it goes instead of the vault's address under the successor. */
  readonly script?: string;
  readonly transaction?: Uint8Array;
};

export type PlannedSweep = PlannedRequest & {
  readonly sweep: { readonly proof: Uint8Array; readonly successor: Uint8Array; readonly step: string };
};

/** The parts of a sweep's request before signers are known. */
export function planSweep(
  fleet: TestFleet,
  codec: TransactionCodec,
  vault: TestVault,
  plan: SweepPlanned,
): PlannedSweep {
  const payoutScript = plan.script ?? vaultScript(plan.successor.package, vault.signedTerms.terms);
  const { amountSats, feeSats, transaction } = plan;
  const outpoints = plan.isOrderKept ? plan.outpoints : plan.outpoints.toSorted(bySweepOrder);
  const planned = planPayout(fleet, codec, vault, {
    outpoints,
    amountSats,
    feeSats,
    payoutScript,
    ...(transaction === undefined ? {} : { transaction }),
  });
  return {
    ...planned,
    releaseRequest: new Uint8Array(0),
    sweep: {
      proof: encodeDocument(plan.proof),
      successor: encodeDocument(plan.successor),
      step: plan.step ?? 'sweep',
    },
  };
}

/** A key that nobody in the fleet has a share of, certified by all who are named as its participants: what colluding hosts could sign. */
export function dealtCertificate(
  { network }: TestFleet,
  seed: string,
  change: Pick<PublicKeyPackage, 'epoch' | 'participants'> & Partial<PublicKeyPackage>,
): KeyCertificate {
  const { key } = dealKeyset(seed, change.participants, network.genesis.threshold);
  const made: PublicKeyPackage = { ...key, ...change };
  const digest = fromHex(certificateDigest(made), 'certificate', 32);
  const signatures = made.participants.map((validator) => {
    const host = network.hosts[validator - 1];
    if (host === undefined) throw new Error(`there is no validator ${validator} in this test`);
    return { validator, signature: toHex(sign(null, digest, host.key)) };
  });
  return { package: made, signatures };
}
