import type { FailureTable } from '../../../domain/errors/failure.ts';

export const custodyJournalFailures = {
  'conflict.journal-in-use': {
    meaning: 'Another agent holds the data folder.',
    remedy:
      'Stop the other agent first. Never copy the folder to run two: each validator is one process on one folder.',
  },
  'policy.journal-damaged': {
    meaning:
      'The journal was cut, changed, removed or replaced by an older copy. The agent halts and never starts a new one by itself.',
    remedy:
      'Keep the folder as it is and do not delete the journal to get going: docs/operations/backup-and-upgrade.md, "A validator whose journal is lost or damaged", says what to do.',
  },
  'policy.journal-newer': {
    meaning: 'The journal was written by a newer build.',
    remedy: 'Run the newer build; going back needs the steps in docs/operations/backup-and-upgrade.md.',
  },
  'unavailable.journal-full': {
    meaning: 'The disk of the journal is full; nothing that must be remembered was released.',
    remedy: 'Free space on the data folder; the agent carries on by itself.',
  },
  'unavailable.journal-io': {
    meaning:
      'The disk of the journal refused a read or a write. After a failed sync nothing on it can be trusted: the agent halts.',
    remedy: 'Check the disk and the rights on the data folder, then restart the agent.',
  },
  'unavailable.journal-closed': {
    meaning: 'The journal was closed, by a stop or after damage.',
    remedy: 'Restart the agent; if it was closed by damage, the log names it first.',
  },
  'conflict.keyset-state': {
    meaning: 'A key package was asked to take a step that its state does not allow.',
    remedy: 'Look at the state of the keyset: proposed, certified, tested, active, draining, retired.',
  },
  'bug.journal': {
    meaning: 'The journal was used in a way that its tables do not allow; nothing was written.',
    remedy: 'Report it with the log of that validator.',
  },
} as const satisfies FailureTable;

export type CustodyJournalFailure = keyof typeof custodyJournalFailures;
