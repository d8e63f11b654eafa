import type { FailureTable } from '../../../domain/errors/failure.ts';

/** Its other codes are those of the Bitcoin plug-in, whose behaviour it mirrors. */
export const pluginsMemoryChainFailures = {
  'policy.transaction-refused': {
    meaning: 'The in-memory chain refused a transaction by a rule that real nodes have too.',
    remedy: 'The message names the rule.',
  },
} as const satisfies FailureTable;
