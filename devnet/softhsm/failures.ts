import type { FailureTable } from '../../domain/errors/failure.ts';

export const devnetSofthsmFailures: FailureTable<'unavailable.softhsm'> = {
  'unavailable.softhsm': {
    meaning: 'SoftHSM2 could not make a token for a validator of the devnet.',
    remedy: 'The message ends with what softhsm2-util said; `firebreak doctor` shows which SoftHSM2 is used.',
  },
};
