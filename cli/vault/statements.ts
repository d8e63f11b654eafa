import { fromBinary } from '@bufbuild/protobuf';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { certificateDigest } from '../../domain/ceremony/digests.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import { type SignedTerms, type VaultId } from '../../domain/vault/terms.ts';
import { judgeTerms } from '../../domain/vault/verify-terms.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { vaultAddress, vaultScript } from '../../threshold/verify/vault-script.ts';
import { openEnvelope } from '../../wire/envelope.ts';
import {
  CertificateHeldSchema,
  type Envelope,
  EnvelopeSchema,
  Round,
  TermsHeldSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { requirePrefix } from './prefix.ts';

export type VaultStatements = {
  readonly terms: SignedTerms;
  readonly certificate: KeyCertificate;
  readonly termsHeld: readonly Envelope[];
  readonly certificateHeld: readonly Envelope[];
};

export type VaultShown = {
  readonly vault: VaultId;
  readonly address: string;
  readonly script: string;
  /** How many have a share of the key. */
  readonly participants: number;
  readonly termsHolders: readonly ValidatorId[];
  readonly certificateHolders: readonly ValidatorId[];
};

/**
 * The address that these terms have under this key, recomputed from the pinned genesis alone. Throws what is wrong with terms
 * or certificate, and `policy.not-yet-shown` before a quorum of the key's participants holds the terms (having derived the same
 * script) and all of them hold the certificate. Statements of anybody else count for nothing: they have no share.
 */
export function showFrom(genesis: NetworkGenesis, statements: VaultStatements, asked?: string): VaultShown {
  const { terms, certificate } = statements;
  const judged = judgeTerms(terms, genesis);
  if (!judged.ok) throw failureOf(judged.refusal);
  if (asked !== undefined) requireAsked(judged.value, asked);
  const certified = verifyCertificate(certificate, genesis);
  if (!certified.ok) throw failureOf(certified.refusal);
  const key = certified.value;
  const script = vaultScript(key, terms.terms);
  const about = { keyset: key.keyset, epoch: key.epoch };
  const { participants } = key;
  const termsHolders = holders(
    genesis,
    participants,
    statements.termsHeld,
    { ...about, round: Round.TERMS_HELD },
    (payload) => {
      const held = fromBinary(TermsHeldSchema, payload);
      return held.vault === judged.value && toHex(held.script) === script;
    },
  );
  const certificateHolders = holders(
    genesis,
    participants,
    statements.certificateHeld,
    { ...about, round: Round.KEYGEN_CERTIFICATE_HELD },
    (payload) => {
      return toHex(fromBinary(CertificateHeldSchema, payload).certificateDigest) === certificateDigest(key);
    },
  );
  if (termsHolders.length < genesis.threshold || certificateHolders.length < participants.length) {
    throw new FirebreakFailure(
      'policy.not-yet-shown',
      `${termsHolders.length} of ${genesis.threshold} needed validators hold the terms, ${certificateHolders.length} of all ${participants.length} participants the certificate`,
      { terms: termsHolders.length, certificate: certificateHolders.length },
    );
  }
  return {
    vault: judged.value,
    address: vaultAddress(key, terms.terms),
    script,
    participants: participants.length,
    termsHolders,
    certificateHolders,
  };
}

/**
 * Terms prove themselves, not that they are the ones asked for: a coordinator could hand over another vault, which somebody
 * else owns and which validators hold just as well. `asked` is a vault id or enough of its beginning. Throws
 * `input.unknown-vault`.
 */
export function requireAsked(vault: VaultId, asked: string): void {
  requirePrefix(asked);
  if (vault.startsWith(asked)) return;
  throw new FirebreakFailure('input.unknown-vault', `the terms are those of vault ${vault}, not of ${asked}`);
}

/** Distinct participants with a valid, fitting statement. */
function holders(
  genesis: NetworkGenesis,
  participants: readonly ValidatorId[],
  envelopes: readonly Envelope[],
  expected: Parameters<typeof openEnvelope>[2],
  fits: (payload: Uint8Array) => boolean,
): ValidatorId[] {
  const found = new Set<ValidatorId>();
  for (const envelope of envelopes) {
    const opened = openEnvelope(genesis, envelope, expected);
    if (!opened.ok || !participants.includes(opened.value.from)) continue;
    if (readsAs(fits, opened.value.payload)) found.add(opened.value.from);
  }
  return [...found].sort((a, b) => a - b);
}

function readsAs(fits: (payload: Uint8Array) => boolean, payload: Uint8Array): boolean {
  try {
    return fits(payload);
  } catch {
    return false; // a statement that cannot be read vouches for nothing
  }
}

export const envelopeFrom = (hex: string): Envelope => fromBinary(EnvelopeSchema, fromHex(hex, 'envelope'));
