import type { FailureTable } from '../domain/errors/failure.ts';
import type { EnvelopeRefusal } from './envelope.ts';

/** Why a signed statement is not believed, or not here. */
export const wireEnvelopeFailures: FailureTable<EnvelopeRefusal | 'input.blame-proof'> = {
  'input.blame-proof': {
    meaning:
      'The parts of a proof of a fault do not belong together: other ceremony, missing statements, another round.',
    remedy: 'Accuse nobody with it; ask whoever sent it for the whole transcript.',
  },
  'input.envelope-malformed': {
    meaning: 'The header of a signed statement is not readable.',
    remedy: 'A fault of the sender or of whoever carried it; compare versions.',
  },
  'input.envelope-version': {
    meaning: 'A signed statement has another wire version.',
    remedy: 'Upgrade the older side (docs/operations/backup-and-upgrade.md).',
  },
  'policy.envelope-environment': {
    meaning: 'A signed statement is for another environment or network.',
    remedy: 'Find out why it came here: a genesis or an address is shared between environments.',
  },
  'policy.envelope-unlisted': {
    meaning: 'A signed statement names a validator that is not in the pinned roster.',
    remedy: 'Compare the genesis of both sides.',
  },
  'policy.envelope-signature': {
    meaning: 'A statement is not signed by the host identity that it names.',
    remedy: 'Treat it as forged unless genesis or identity of that validator were changed.',
  },
  'policy.envelope-payload': {
    meaning: 'The payload of a statement is not the one that was signed.',
    remedy: 'Somebody changed it under way; ask the validator itself.',
  },
  'conflict.envelope-stale': {
    meaning: 'A valid statement is about another ceremony, key, epoch or round than the one it was shown for.',
    remedy: 'Collect the statements of this ceremony again.',
  },
};
