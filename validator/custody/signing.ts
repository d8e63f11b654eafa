import type { KeyState } from '../../domain/ceremony/ceremony.ts';
import { signingRequestDigest } from '../../domain/ceremony/digests.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { accept, type Refusal, refuse } from '../../domain/errors/failure.ts';
import {
  type Envelope,
  PartialSignaturesSchema,
  Round,
  SigningRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { Commitments, SignerSet } from './commitments.ts';
import type { KeysetRow, Spend, TermsRow } from './journal/journal.ts';
import { isSweep, judgeSigningRequest } from './policy/request.ts';
import { noShare } from './keyring.ts';
import { judgeFreeze } from './policy/rules.ts';
import type { AgentParts, StoredAnswer } from './parts.ts';
import { commitmentName } from './signer/nonces.ts';
import type { PartialInput } from './signer/operations.ts';
import { conflictRefusal } from './signing-conflict.ts';
import { aboutKey, decode, envelopeResponse, say } from './statements.ts';
import { STEP } from './step-names.ts';
import type { Watching } from './watching.ts';

export type Signing = { give(request: Uint8Array): Promise<StoredAnswer> };

/**
 * Partial signatures of payouts and sweeps. The order is the safety: judge, look for locks, use the nonce, then one transaction writes
 * locks, burnt nonces, the answer and, for a sweep, the vault under its next key; only what is written leaves. The same request again
 * gets the written bytes, whatever has changed since, except for a payout under a freeze or once its key is compromised: the first
 * answer may never have arrived, and a brake must hold then too. Neither stops a sweep, which is what a committee does about both.
 */
export function createSigning(parts: AgentParts, commitments: Commitments, watching: Pick<Watching, 'begin'>): Signing {
  const frozen = (): Refusal | undefined =>
    judgeFreeze(parts.journal.orders.standing(), Math.floor(parts.clock() / 1_000));
  return {
    async give(bytes) {
      const request = decode(SigningRequestSchema, bytes);
      const forbidden = request !== undefined && isSweep(request) ? () => undefined : frozen;
      const before = forbidden();
      if (before !== undefined) return { ok: false, refusal: before };
      const digest = signingRequestDigest(bytes);
      if (request === undefined) return refuse('input.request-malformed', 'the signing request is not readable');
      const stored = parts.journal.releases.stored(digest);
      if (stored !== undefined) {
        const allowed = (state: KeyState): boolean => isSweep(request) || state !== 'compromised';
        const speaks = parts.keyring.require(request.keyset, allowed, 'repeat an answer');
        return speaks.ok ? accept(stored) : speaks;
      }
      const agreed = judgeSigningRequest(parts, request);
      if (!agreed.ok) return agreed;
      const { keyset, tweak, spend, moved, messages, signers } = agreed.value;
      // The votes and the certificate say it also to whoever has no share of the successor.
      if (isSweep(request)) parts.keyring.succeeded(keyset);
      const given = await release(parts, commitments, {
        ceremony: request.ceremony,
        digest,
        keyset,
        spend,
        moved,
        signers,
        forbidden,
        inputs: messages.map((message, at) => ({
          tweak,
          message,
          signers: signers.signersOf(at),
          own: signers.ownOf(at),
        })),
      });
      if (given.ok && moved !== undefined) watching.begin(moved);
      return given;
    },
  };
}

/** What is about to be signed, agreed and complete. */
export type AgreedSigning = {
  readonly ceremony: string;
  readonly digest: Digest;
  readonly keyset: KeysetRow;
  readonly spend: Spend | undefined;
  /** Where the vault is held from here on, when its coins go to another key. */
  readonly moved?: TermsRow | undefined;
  readonly signers: SignerSet;
  readonly inputs: readonly PartialInput[];
  /** Asked again between the signer and the journal: orders do not wait in line, and one may arrive while the signer works. */
  readonly forbidden?: () => Refusal | undefined;
};

/** Signs and writes down; what it returns is on disk. */
export async function release(
  parts: AgentParts,
  commitments: Pick<Commitments, 'forget'>,
  signing: AgreedSigning,
): Promise<StoredAnswer> {
  const { journal, signer, clock } = parts;
  const { ceremony, digest, keyset, spend, moved, inputs } = signing;
  const { sealedShare } = keyset;
  if (sealedShare === undefined) return noShare(keyset);
  const names = inputs.map(({ own }) => commitmentName(own));
  const against = journal.releases.conflict({ spend, commitments: names, atMs: clock() });
  if (against !== undefined) return conflictRefusal(against);
  // Whatever happens from here, these nonces are gone and must not be offered again.
  commitments.forget(ceremony);
  const shares = await signer.sign(keyset.package, sealedShare, inputs, ceremony);
  const forbidden = signing.forbidden?.();
  if (forbidden !== undefined) return { ok: false, refusal: forbidden };
  const response = envelopeResponse(partialOf(parts, keyset, ceremony, digest, shares));
  const atMs = clock();
  const late = journal.atOnce(() => {
    const conflict = journal.releases.commit({
      ceremony,
      requestDigest: digest,
      spend,
      commitments: names,
      response,
      atMs,
    });
    if (conflict !== undefined) return conflict;
    journal.steps.record(ceremony, STEP.partialReleased, atMs, `signers ${signing.signers.ids.join(' ')}`);
    // Coins must not arrive under a key where their terms are unknown, whatever the coordinator showed or kept back.
    if (moved !== undefined && journal.terms.get(moved.vault, moved.keyset) === undefined)
      journal.terms.hold(moved, atMs);
    return undefined;
  });
  if (late !== undefined) return conflictRefusal(late);
  return accept(response);
}

const partialOf = (
  parts: AgentParts,
  { package: key }: KeysetRow,
  ceremony: string,
  digest: Digest,
  shares: readonly Uint8Array[],
): Envelope =>
  say(parts, Round.SIGNING_PARTIAL, aboutKey(key, ceremony), PartialSignaturesSchema, {
    requestDigest: fromHex(digest, 'request digest', 32),
    shares: [...shares],
  });
