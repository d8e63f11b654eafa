import type { FailureTable } from '../../../domain/errors/failure.ts';

export type NetworkLibp2pFailureCode =
  | 'input.config'
  | 'input.identity-file'
  | 'input.validator-unlisted'
  | 'input.request-oversized'
  | 'policy.coordinator-unlisted'
  | 'unavailable.validator-silent'
  | 'unavailable.validator-unreachable';

export const networkLibp2pFailures: FailureTable<NetworkLibp2pFailureCode> = {
  'input.config': {
    meaning: 'A field of the network section is missing, unknown or out of range.',
    remedy: 'Correct the field at the file and line that the message names.',
  },
  'input.identity-file': {
    meaning:
      "The file with the coordinator's host identity is absent, readable by others, or not an Ed25519 key in PKCS#8 PEM.",
    remedy:
      'Make one with `openssl genpkey -algorithm ed25519`, mode 0600, and list its public key under `coordinators` of the genesis.',
  },
  'input.validator-unlisted': {
    meaning: 'A validator was asked that is not in the pinned roster.',
    remedy: 'Compare the id with the network genesis.',
  },
  'input.request-oversized': {
    meaning: 'A request above 1 MiB was about to be sent; no honest request is that large.',
    remedy: 'Split the request; a ceremony of 15 stays below 64 KiB.',
  },
  'policy.coordinator-unlisted': {
    meaning:
      'The identity in the file is not one of the coordinators in the network genesis: every validator would hang up.',
    remedy: 'Use the identity whose public key the genesis lists, or pin a genesis that lists this one.',
  },
  'unavailable.validator-silent': {
    meaning: 'The validator was connected but gave no complete answer before the deadline.',
    remedy: 'Ask another one; look at the log and load of the named validator.',
  },
  'unavailable.validator-unreachable': {
    meaning:
      'No connection to the validator could be made: nobody listens there, or it refused us, or it has another identity.',
    remedy: 'Check that it runs, that its address in the roster is right, and that its genesis lists this coordinator.',
  },
};
