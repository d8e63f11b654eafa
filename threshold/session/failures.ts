import type { FailureTable } from '../../domain/errors/failure.ts';

/** Codes made where the secrets are. */
export const thresholdSessionFailures = {
  'conflict.nonce-used': {
    meaning: 'A nonce was offered for signing that has been used, erased or never was one.',
    remedy: 'Start a new ceremony with fresh commitments. Seen twice for one ceremony, treat it as an incident.',
  },
  'conflict.own-commitment': {
    meaning: 'The signer list lacks this validator, or has other commitments for it than its nonce.',
    remedy: 'Nothing was signed and the nonce is burnt; ask the coordinator who changed the list.',
  },
  'input.share': {
    meaning: 'A key share is not the one of this validator and keyset.',
    remedy: 'Check which sealed share belongs to the keyset; restore it from the backup of the same epoch.',
  },
  'input.keygen-set': {
    meaning: 'A round of key generation lacks an entry of a participant, has one of a stranger, or changed our own.',
    remedy: 'Collect exactly one message per participant; a retry is a new ceremony.',
  },
  'bug.keygen-order': {
    meaning: 'The rounds of a key generation were called out of order or after its end.',
    remedy: 'Report it; a retry is a new ceremony with fresh randomness.',
  },
  'bug.keygen-result': {
    meaning: 'A finished key generation contradicts itself although every message checked out.',
    remedy: 'Report it; the key must not be used.',
  },
  'signer-fault.keygen-commitments': {
    meaning:
      'The named validators sent commitments of a wrong length, invalid points, or no proof of knowledge of theirs.',
    remedy: 'Abort and retry with a new ceremony; keep the signed envelopes as evidence.',
  },
  'signer-fault.keygen-share': {
    meaning: 'The named validators sent a share that does not match their commitments.',
    remedy: 'Abort and retry with a new ceremony; keep the signed envelopes as evidence.',
  },
  'signer-fault.encryption-key': {
    meaning: 'The named validator sent an encryption key that gives no shared secret.',
    remedy: 'Abort and retry with a new ceremony; keep the signed envelope as evidence.',
  },
  'signer-fault.share-encryption': {
    meaning: 'An encrypted share of the named validator does not open: other key, other context, or changed bytes.',
    remedy: 'Abort and retry with a new ceremony; keep the signed envelopes as evidence.',
  },
} as const satisfies FailureTable;
