import type { FailureTable } from '../domain/errors/failure.ts';
import { wireDocumentsFailures } from '../wire/documents/failures.ts';
import { validatorConfigFailures } from './config/failures.ts';
import { custodyAgentFailures } from './custody/failures.ts';
import { custodyInterchangeFailures } from './custody/interchange/failures.ts';
import { custodyJournalFailures } from './custody/journal/failures.ts';
import { custodyP2pFailures } from './custody/p2p/failures.ts';
import { custodySignerFailures } from './custody/signer/failures.ts';
import { validatorHttpFailures } from './http/failures.ts';

const typing: FailureTable = {
  'input.usage': {
    meaning: 'An option of the agent is missing, unknown or not valid.',
    remedy: '`firebreak validator init --help` lists every option; `firebreak validator run` takes --config alone.',
  },
};

/** What can end `validator init` and `validator run` by the agent's own code; the root adds its plug-ins. */
export const agentTables: readonly FailureTable[] = [
  typing,
  validatorConfigFailures,
  custodyAgentFailures,
  custodyInterchangeFailures,
  custodyJournalFailures,
  custodyP2pFailures,
  custodySignerFailures,
  validatorHttpFailures,
  wireDocumentsFailures,
];
