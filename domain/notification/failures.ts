import type { FailureTable } from '../errors/failure.ts';

export const domainNotificationFailures = {
  'unavailable.independent-channels': {
    meaning: 'Too few independent channels confirmed a notice: SEV1 needs two that do not fail together.',
    remedy:
      'Tell people in another way now; then look at the channels that the message does not name, or configure one more.',
  },
} as const satisfies FailureTable;
