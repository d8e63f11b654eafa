import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalBytes, type Digest, digestOf, TAGS, taggedHash } from '../encoding/digest.ts';
import { fromHex } from '../encoding/hex.ts';
import type { CeremonyId, PublicKeyPackage } from './ceremony.ts';

/**
 * What every participant of a key generation saw, in ascending order: the parameters and the signed header of each envelope of
 * both rounds. A header holds the digest of its payload; signatures stay out, because a dishonest sender can make two valid ones.
 */
export function keygenTranscript(
  parameters: Uint8Array,
  commitmentHeaders: readonly Uint8Array[],
  shareHeaders: readonly Uint8Array[],
): Digest {
  const parts = [parameters, ...commitmentHeaders, ...shareHeaders].map((part) => sha256(part));
  return digestOf(TAGS.keygenTranscript, ...parts);
}

/** The round of commitments as one participant was shown it. */
export const keygenView = (parameters: Uint8Array, commitmentHeaders: readonly Uint8Array[]): Digest =>
  keygenTranscript(parameters, commitmentHeaders, []);

/** 32 bytes hex; public to whoever holds the package, unknown before the last share was sent. */
export const chaincodeOf = (transcript: Digest): string =>
  digestOf(TAGS.chaincode, fromHex(transcript, 'transcript', 32));

/** What the host identities of all participants sign: `KeygenTranscript.certificate_signature` is Ed25519 over these 32 bytes. */
export const certificateDigest = (key: PublicKeyPackage): Digest => digestOf(TAGS.certificate, canonicalBytes(key));

/** Names a `SigningRequest` by its bytes as they were carried. */
export const signingRequestDigest = (request: Uint8Array): Digest => digestOf(TAGS.signingRequest, request);

/** Names a `SelfTestRequest` by its bytes as they were carried. */
export const selfTestRequestDigest = (request: Uint8Array): Digest =>
  digestOf(TAGS.selfTest, utf8ToBytes('request'), request);

/** Derived by each validator itself; a tagged hash of ours can never be a BIP341 sighash. */
export const selfTestMessage = (key: PublicKeyPackage, ceremony: CeremonyId): Uint8Array =>
  taggedHash(
    TAGS.selfTest,
    utf8ToBytes('message'),
    fromHex(certificateDigest(key), 'certificate', 32),
    utf8ToBytes(ceremony),
  );

/** The derived output that the self-test signs for: takes the same path as a vault, and no signed terms have this id. */
export const selfTestTweak = (key: PublicKeyPackage): { readonly vaultId: Uint8Array; readonly root: Uint8Array } => ({
  vaultId: taggedHash(TAGS.selfTest, utf8ToBytes('vault'), fromHex(certificateDigest(key), 'certificate', 32)),
  root: new Uint8Array(0),
});
