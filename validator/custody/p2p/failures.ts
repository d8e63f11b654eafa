import type { FailureTable } from '../../../domain/errors/failure.ts';

export type CustodyP2pFailureCode =
  | 'unavailable.request-rate'
  | 'unavailable.listen-address'
  | 'input.peer-unlisted'
  | 'bug.request-failed'
  | 'bug.host-not-started';

export const custodyP2pFailures: FailureTable<CustodyP2pFailureCode> = {
  'unavailable.request-rate': {
    meaning: 'A peer asked more often than a validator answers one peer.',
    remedy: 'Wait a second; a coordinator that meets this repeatedly asks in a loop.',
  },
  'unavailable.listen-address': {
    meaning: 'The p2p address is in use, or does not belong to this machine.',
    remedy: 'Stop whoever listens there, or choose another `network.p2p_listen` (and announce it in the next genesis).',
  },
  'input.peer-unlisted': {
    meaning: 'A validator was asked that is not in the pinned roster.',
    remedy: 'Compare the id with the network genesis.',
  },
  'bug.request-failed': {
    meaning: "Answering a request threw instead of refusing; the details are in the validator's log.",
    remedy: 'Report it with the log line; nothing was signed.',
  },
  'bug.host-not-started': {
    meaning: 'The p2p host was used before it was started or after it was stopped.',
    remedy: 'Report it: the composition root has its order wrong.',
  },
};
