import type { FailureTable } from '../domain/errors/failure.ts';

export const watchdogFailures = {
  'input.watchdog-file': {
    meaning: 'watchdog.toml, or the file in which the watchdog remembers, cannot be read.',
    remedy:
      'Give the right path; `firebreak watchdog init` writes a good file. A damaged memory may be moved away: open incidents are then learnt afresh.',
  },
  'input.watchdog-syntax': {
    meaning: 'watchdog.toml is not TOML.',
    remedy: 'Mend the text at the line and column that the message names.',
  },
  'input.watchdog-secret': {
    meaning: 'The environment variable that should hold the API key of the Temporal cluster is not set.',
    remedy: 'Set the variable for this process; the key never stands in the file.',
  },
  'conflict.watchdog-exists': {
    meaning: '`watchdog init` was asked to write where a watchdog.toml or a secret lies already.',
    remedy: 'Nothing was changed. Choose another folder, or move the old files away.',
  },
  'unavailable.watchdog-listen': {
    meaning: 'The address of the metrics of the watchdog cannot be listened on.',
    remedy: 'Stop the program that has the port, or change metrics.port.',
  },
} as const satisfies FailureTable;
