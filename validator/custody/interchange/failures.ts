import type { FailureTable } from '../../../domain/errors/failure.ts';

export const custodyInterchangeFailures = {
  'input.interchange-file': {
    meaning:
      'The file is no journal export that this build reads whole: cut off, changed, too large, or of another version.',
    remedy: 'Export again, or copy the file again; the last line carries a digest of all others. Nothing was changed.',
  },
  'input.interchange-place': {
    meaning: 'An export cannot be read or written where the command says, or the folder has no journal.',
    remedy:
      'Name a file that is there to read, a new one to write, and the folder in which the validator ran. Nothing was changed.',
  },
  'policy.interchange-identity': {
    meaning: 'The export is of another validator, or of another network or environment.',
    remedy:
      'Nobody else knows what this validator signed: import only what was exported from a folder of the same validator.',
  },
  'policy.interchange-document': {
    meaning: 'A committee, an order, a use of a grant or a certificate in the export is not what was signed.',
    remedy: 'Find out who changed the file. Nothing was changed; export again from the folder itself.',
  },
  'policy.interchange-size': {
    meaning: 'The journal remembers more than one export carries.',
    remedy: 'Move the whole folder instead, with the agent stopped, and start it in one place only.',
  },
  'conflict.interchange-lock': {
    meaning:
      'Two copies of this validator signed an output away in two transactions of which neither may take the place of the other. Both signatures may be out.',
    remedy:
      'Start neither copy and change neither folder: they are the evidence. Tell the other operators, look at the chain for both transactions, and leave this validator out of the next key (docs/operations/backup-and-upgrade.md).',
  },
  'conflict.interchange-nonce': {
    meaning:
      'Two copies of this validator used one nonce in two requests. Whoever has both answers can compute its key share.',
    remedy:
      'Treat the share as stolen: start neither copy, tell the committee, and rotate to a key without this validator (`playbooks/`).',
  },
  'conflict.interchange-head': {
    meaning: 'Two copies of this validator signed two histories of one incident.',
    remedy: 'Keep both folders as evidence and find out which worker showed the second history.',
  },
  'conflict.interchange-key': {
    meaning: 'The two sides hold two certificates of one key.',
    remedy: 'Compare both with what the other validators hold (`firebreak key show`); one of them is forged.',
  },
  'conflict.interchange-committee': {
    meaning: 'The two sides obey two committees of one epoch, and both carry their quorums.',
    remedy: 'People decide which one is right and pin it (docs/operations/committee.md). Nothing was changed.',
  },
} as const satisfies FailureTable;

export type CustodyInterchangeFailure = keyof typeof custodyInterchangeFailures;
