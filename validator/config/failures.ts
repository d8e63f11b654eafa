import type { FailureTable } from '../../domain/errors/failure.ts';

export type ValidatorConfigFailureCode =
  | 'input.config-file'
  | 'input.config-syntax'
  | 'input.config-field'
  | 'input.config-contradiction'
  | 'input.config-secret'
  | 'conflict.config-exists';

/** All of them end the process with exit code 2 before anything was opened or changed. */
export const validatorConfigFailures: FailureTable<ValidatorConfigFailureCode> = {
  'input.config-file': {
    meaning: 'validator.toml, or a file that it names, cannot be read.',
    remedy: 'Give the right path; `firebreak validator init` writes a good file.',
  },
  'input.config-syntax': {
    meaning: 'validator.toml is not TOML.',
    remedy: 'Mend the text at the line and column that the message names.',
  },
  'input.config-field': {
    meaning: 'A field is missing, unknown, of the wrong type or out of its range.',
    remedy: 'Correct the field at the line that the message names; docs/reference/configuration.md lists all fields.',
  },
  'input.config-contradiction': {
    meaning: 'Two settings, or a setting and the pinned network genesis, cannot both be true.',
    remedy: 'Change one of the two that the message names.',
  },
  'input.config-secret': {
    meaning:
      'A PIN, passphrase or password is not where the configuration says: the variable is unset or the file is empty, absent or open to others.',
    remedy:
      'Set the variable or fix the file (mode 0600); docs/operations says how an unattended restart gets its PIN.',
  },
  'conflict.config-exists': {
    meaning: '`validator init` found an existing configuration or identity and replaced nothing.',
    remedy: 'Choose another folder; an identity that is in a roster must not be lost.',
  },
};
