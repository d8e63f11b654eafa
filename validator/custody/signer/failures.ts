import type { FailureTable } from '../../../domain/errors/failure.ts';

export const custodySignerFailures = {
  'unavailable.signer-stopped': {
    meaning: 'The thread that owns the key shares has ended; the agent is halted.',
    remedy: 'Read the log for its last words, then restart the agent. Nonces are gone with it, key shares are not.',
  },
  'unavailable.signer-busy': {
    meaning: 'More requests wait for the signer thread than it accepts.',
    remedy: 'Ask again in a moment.',
  },
  'unavailable.signer-timeout': {
    meaning: 'The signer thread did not answer in time; what it was doing is lost to the caller.',
    remedy: 'Start a new ceremony. If it repeats, look at the keystore (`doctor`).',
  },
  'unavailable.key-use-unrecorded': {
    meaning: 'A key share was not opened because its use could not be written to the journal.',
    remedy: 'Look at the journal first: its disk is full or it is damaged.',
  },
  'conflict.keygen-lost': {
    meaning:
      'This validator no longer holds the secrets of the key generation: it restarted, or newer ones pushed it out.',
    remedy: 'Start a new key generation; nothing of the old one is usable.',
  },
  'conflict.nonce-unknown': {
    meaning:
      'The request uses a commitment whose nonce this validator does not hold: used, dropped, or lost by a restart.',
    remedy: 'Start another signing ceremony with fresh commitments.',
  },
  'policy.share-mismatch': {
    meaning: 'The sealed share opened, but it is not the one that belongs to the key package.',
    remedy: 'Restore the sealed share of this validator and keyset; nothing was signed.',
  },
  'bug.signer': {
    meaning: 'The signer thread met an error that nobody gave a name.',
    remedy: 'Report it with the log; nothing was signed.',
  },
} as const satisfies FailureTable;
