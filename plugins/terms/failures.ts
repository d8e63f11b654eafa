import type { FailureTable } from '../../domain/errors/failure.ts';

export type TermsRegistryFailureCode = 'policy.terms-damaged' | 'unavailable.terms-unreadable' | 'input.terms-too-many';

/** What the terms themselves are refused for stands in domain/vault/failures.ts. */
export const pluginsTermsFailures: FailureTable<TermsRegistryFailureCode> = {
  'policy.terms-damaged': {
    meaning: 'A stored file of terms was changed, cut short, or belongs to another vault than its name says.',
    remedy: 'Remove the file and add the owner’s signed terms again; the vault id stays the same.',
  },
  'unavailable.terms-unreadable': {
    meaning: 'The folder or a file of the registry cannot be read.',
    remedy: 'Check owner, permissions and mount of the named folder.',
  },
  'input.terms-too-many': {
    meaning: 'The registry holds as many vaults as it may.',
    remedy: 'Move vaults that are settled out of the folder.',
  },
};
