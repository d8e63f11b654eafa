import { fromBinary } from '@bufbuild/protobuf';
import type { VaultEvidence } from '../domain/ceremony/evidence.ts';
import { toHex } from '../domain/encoding/hex.ts';
import { failureOf } from '../domain/errors/failure.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import { type SignedTerms, type VaultId, vaultIdOf } from '../domain/vault/terms.ts';
import { judgeTerms } from '../domain/vault/verify-terms.ts';
import { verifyCertificate } from '../threshold/verify/certificate.ts';
import { vaultAddress, vaultScript } from '../threshold/verify/vault-script.ts';
import { Round, TermsHeldSchema } from '../wire/generated/firebreak/v1/messages_pb.js';
import type { SliceExpectation } from './asking.ts';
import { attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { envelopeHex, getCertificate, getEnvelopes, inOrder, putDocument } from './documents.ts';
import { gatherSlice, type Gathering, type Slice } from './gathering.ts';
import { type KeyReference, requireNetwork } from './keygen.ts';
import { holdTermsRequest } from './terms-handing.ts';

export type RegisteredVault = {
  readonly vault: VaultId;
  /** scriptPubKey, hex; derived here from certificate and terms. */
  readonly script: string;
  readonly address: string;
  readonly threshold: number;
  readonly validators: number;
};

export function createVaultActivities(deps: ActivityDependencies) {
  return {
    /** Stores terms whose owner signature verifies and derives the address; tells nobody. */
    registerVault: (input: {
      network: string;
      signedTerms: SignedTerms;
      key: KeyReference;
    }): Promise<RegisteredVault> =>
      attempt(deps, 'registerVault', async (now) => {
        requireNetwork(deps, input.network);
        const judged = judgeTerms(input.signedTerms, deps.genesis);
        if (!judged.ok) throw failureOf(judged.refusal);
        const certificate = await getCertificate(deps, input.key, now);
        const verified = verifyCertificate(certificate, deps.genesis);
        if (!verified.ok) throw failureOf(verified.refusal);
        const { terms } = input.signedTerms;
        await deps.terms.add(input.signedTerms, now);
        return {
          vault: judged.value,
          script: vaultScript(certificate.package, terms),
          address: vaultAddress(certificate.package, terms),
          threshold: deps.genesis.threshold,
          validators: certificate.package.participants.length,
        };
      }),

    /** Every participant of the key is handed the terms and answers with the script that it derived by itself. */
    askTermsHeld: (
      input: Slice & { signedTerms: SignedTerms; key: KeyReference; script: string; watchFromHeight: number },
    ): Promise<Gathering> =>
      attempt(deps, 'askTermsHeld', async (now) => {
        const request = holdTermsRequest(deps, input);
        const { participants } = (await getCertificate(deps, input.key, now)).package;
        const { gathering } = await gatherSlice(deps, now, input, {
          validators: participants,
          request: () => request,
          ...termsHeldBy(vaultIdOf(input.signedTerms.terms), input.script, input.key),
        });
        return gathering;
      }),

    /** What `vault show` verifies offline. */
    recordVault: (input: {
      signedTerms: SignedTerms;
      key: KeyReference;
      termsHeld: BlobRef;
      certificateHeld: BlobRef;
    }): Promise<BlobRef> =>
      attempt(deps, 'recordVault', async (now) => {
        const hexes = async (ref: BlobRef) => inOrder(await getEnvelopes(deps, ref, now)).map(envelopeHex);
        const evidence: VaultEvidence = {
          version: 1,
          kind: 'vault',
          environment: deps.genesis.environment,
          network: deps.genesis.name,
          certificate: await getCertificate(deps, input.key, now),
          terms: input.signedTerms,
          termsHeld: await hexes(input.termsHeld),
          certificateHeld: await hexes(input.certificateHeld),
        };
        return putDocument(deps, evidence, now);
      }),
  };
}

/** A validator that derives another script than we do makes the vault unusable: its answer counts as a final no. */
export const termsHeldBy = (vault: VaultId, script: string, key: KeyReference): SliceExpectation => ({
  expected: { round: Round.TERMS_HELD, keyset: key.keyset, epoch: key.epoch },
  judge: ({ payload }) => {
    const held = fromBinary(TermsHeldSchema, payload);
    if (held.vault !== vault) return { code: 'conflict.envelope-stale', message: 'answered about another vault' };
    if (toHex(held.script) === script) return undefined;
    return { code: 'signer-fault.vault-script', message: `derived script ${toHex(held.script).slice(0, 80)}` };
  },
});
