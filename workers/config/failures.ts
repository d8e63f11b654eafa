import type { FailureTable } from '../../domain/errors/failure.ts';

export const workersConfigFailures = {
  'input.coordinator-file': {
    meaning: 'coordinator.toml, or a file that it names, cannot be read.',
    remedy: 'Give the right path; `firebreak up` writes a good one for a devnet.',
  },
  'input.coordinator-syntax': {
    meaning: 'coordinator.toml is not TOML.',
    remedy: 'Mend the text at the line and column that the message names.',
  },
  'input.coordinator-field': {
    meaning: 'A field of coordinator.toml is missing, unknown, of the wrong type or out of its range.',
    remedy: 'Correct the field at the line that the message names; docs/reference/configuration.md lists all fields.',
  },
  'input.coordinator-secret': {
    meaning: 'The environment variable that should hold the API key of the Temporal cluster is not set.',
    remedy: 'Set the variable for this process; the key never stands in the file.',
  },
} as const satisfies FailureTable;
