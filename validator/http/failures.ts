import type { FailureTable } from '../../domain/errors/failure.ts';

export type ValidatorHttpFailureCode = 'unavailable.port-in-use' | 'unavailable.http-listen';

export const validatorHttpFailures: FailureTable<ValidatorHttpFailureCode> = {
  'unavailable.port-in-use': {
    meaning: 'Another program listens on the HTTP or metrics port of this validator.',
    remedy: 'Stop it, or choose another monitoring.health_check_port or monitoring.metrics_port.',
  },
  'unavailable.http-listen': {
    meaning: 'The HTTP or metrics address cannot be listened on.',
    remedy: 'Correct monitoring.listen_host: it must be an address of this machine; ports below 1024 need rights.',
  },
};
