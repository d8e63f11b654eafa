import type { FailureTable } from '../../domain/errors/failure.ts';

export type StreamFailureCode =
  | 'input.frame-oversized'
  | 'input.frame-malformed'
  | 'input.host-identity'
  | 'unavailable.stream-ended'
  | 'unavailable.stream-silent';

/** What can go wrong between two hosts before a message is read. */
export const wireStreamFailures: FailureTable<StreamFailureCode> = {
  'input.frame-oversized': {
    meaning: 'A peer announced, or we were about to send, a message above the limit of 1 MiB.',
    remedy: 'No honest message is that large: look at the named peer, and at its version.',
  },
  'input.frame-malformed': {
    meaning: 'A peer sent an empty message, or bytes after the end of its one message.',
    remedy: 'The peer does not speak /firebreak/custody/1: compare versions.',
  },
  'input.host-identity': {
    meaning: 'A host identity is not a 32-byte Ed25519 public key, or a peer uses another kind of key.',
    remedy: 'Host identities are Ed25519: correct the roster, or make a new identity with `firebreak validator init`.',
  },
  'unavailable.stream-ended': {
    meaning: 'The connection or stream ended before the whole message had arrived.',
    remedy: 'Ask again; when it repeats, look at the log of the peer.',
  },
  'unavailable.stream-silent': {
    meaning: 'The peer opened or accepted a stream and sent nothing complete before the deadline.',
    remedy: 'Ask again; when it repeats, the peer is overloaded, stopped or hostile.',
  },
};
