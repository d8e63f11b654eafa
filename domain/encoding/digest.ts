import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import { FirebreakFailure } from '../errors/failure.ts';

/** 64 lower-case hex characters. */
export type Digest = string & { readonly __brand: 'Digest' };

/** Every tag in one place: two meanings never share a hash input (BIP340 "Tagged Hashes"). */
export const TAGS = {
  terms: 'firebreak/terms/v1',
  releaseRequest: 'firebreak/release-request/v1',
  order: 'firebreak/order/v1',
  committee: 'firebreak/committee/v1',
  committeeEpoch: 'firebreak/committee-epoch/v1',
  grant: 'firebreak/grant/v1',
  grantUse: 'firebreak/grant-use/v1',
  coveredSteps: 'firebreak/covered-steps/v1',
  voteSubject: 'firebreak/vote-subject/v1',
  vote: 'firebreak/vote/v1',
  networkGenesis: 'firebreak/network-genesis/v1',
  envelope: 'firebreak/envelope/v1',
  keygenParameters: 'firebreak/keygen-parameters/v1',
  keygenTranscript: 'firebreak/keygen-transcript/v1',
  certificate: 'firebreak/certificate/v1',
  chaincode: 'firebreak/chaincode/v1',
  vaultTweak: 'firebreak/vault-tweak/v1',
  selfTest: 'firebreak/self-test/v1',
  signingRequest: 'firebreak/signing-request/v1',
  shareEncryption: 'firebreak/share-encryption/v1',
  shownShare: 'firebreak/shown-share/v1',
  auditRecord: 'firebreak/audit-record/v1',
  auditLeaf: 'firebreak/audit-leaf/v1',
  auditNode: 'firebreak/audit-node/v1',
  alert: 'firebreak/alert/v1',
  alertAnswer: 'firebreak/alert-answer/v1',
  incidentCommand: 'firebreak/incident-command/v1',
  noticeThread: 'firebreak/notice-thread/v1',
  plan: 'firebreak/plan/v1',
  endorsement: 'firebreak/endorsement/v1',
} as const;
export type Tag = (typeof TAGS)[keyof typeof TAGS];

/** BIP340 tagged hash: SHA256(SHA256(tag) || SHA256(tag) || parts). */
export function taggedHash(tag: Tag, ...parts: Uint8Array[]): Uint8Array {
  const prefix = sha256(utf8ToBytes(tag));
  return sha256(concatBytes(prefix, prefix, ...parts));
}

export const digestOf = (tag: Tag, ...parts: Uint8Array[]): Digest => bytesToHex(taggedHash(tag, ...parts)) as Digest;

export const sha256Hex = (bytes: Uint8Array): Digest => bytesToHex(sha256(bytes)) as Digest;

/** RFC 8785 bytes of a JSON value; numbers must be safe integers, so that every reader sees the same value. */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined)
    throw new FirebreakFailure('bug.not-json', 'a value without a JSON form was about to be signed');
  return utf8ToBytes(text);
}

export const documentDigest = (tag: Tag, body: unknown): Digest => digestOf(tag, canonicalBytes(body));
