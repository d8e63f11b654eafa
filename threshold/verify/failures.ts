import type { FailureTable } from '../../domain/errors/failure.ts';

/** Codes made by what anyone can check of a key and its signatures. */
export const thresholdVerifyFailures = {
  'input.point': {
    meaning: 'Bytes that should be a curve point are malformed, off the curve, or the identity.',
    remedy: 'Ask the author of the message for a correct one; nothing was computed from it.',
  },
  'input.scalar': {
    meaning: 'Bytes that should be a scalar below the group order are not.',
    remedy: 'Ask the author of the message for a correct one.',
  },
  'input.signer-set': {
    meaning: 'The signer list is too short, too long, names an unknown or the same validator twice, or lacks a share.',
    remedy: 'Start a new ceremony with a correct list; commitments that were handed out stay burnt.',
  },
  'input.key-package': {
    meaning: 'A public key package contradicts itself: shape, chaincode, or shares that are not on one polynomial.',
    remedy: 'Do not use the keyset; compare its certificate with another validator and generate a new key.',
  },
  'input.vault-tweak': {
    meaning:
      'A vault tweak has a wrong length, or its hash is zero or not below the group order (chance below 2^-127).',
    remedy: 'Choose another salt in the terms: the vault gets another identity and another tweak.',
  },
  'input.refund-height': {
    meaning: 'The refund lock is not a block height between 1 and 499,999,999.',
    remedy: 'Correct the terms and let the owner sign them again.',
  },
  'signer-fault.partial': {
    meaning: 'The named validators sent partial signatures that do not verify under the commitments of the request.',
    remedy: 'Retry without them; it is proof against them only together with their signed commitments and the request.',
  },
  'policy.blame-unfounded': {
    meaning: 'The statements of a proof are genuine and show no fault of anybody.',
    remedy: 'Accuse nobody with it; whoever made it may have been mistaken.',
  },
  'policy.certificate-incomplete': {
    meaning: 'A key certificate lacks the signature of at least one pinned validator, or has one twice.',
    remedy: 'Collect the missing signatures; no address of this key may be shown before.',
  },
  'policy.certificate-signature': {
    meaning: 'A signature of a key certificate is not by the pinned identity of the validator it names.',
    remedy: 'Reject the certificate and ask another validator for it.',
  },
  'policy.certificate-roster': {
    meaning: 'A key certificate is for another number of participants or another threshold than the pinned network.',
    remedy: 'Compare the network genesis files; a key with another threshold must not hold coins here.',
  },
} as const satisfies FailureTable;
