import type { FailureTable } from '../errors/failure.ts';

/** Why a playbook does not answer an alert. They are kept with the alert and shown by `firebreak alert show`. */
export const alertMatchFailures = {
  'policy.alert-network': {
    meaning:
      'The alert speaks for a network that its source may not speak for, or for none, or the trigger wants another one.',
    remedy:
      'Give the alert a label `network`, or list the network at the source in api.toml; a trigger names networks in `network`.',
  },
  'policy.alert-playbook': {
    meaning: 'The source of the alert may not start this playbook.',
    remedy: 'Add the playbook to `playbooks` of the source in api.toml, if that source is to be trusted with it.',
  },
  'input.alert-label': {
    meaning: 'A label that the trigger asks for is missing from the alert or has another value.',
    remedy: 'Compare the labels of the alert with `triggers` of the playbook; one of the two has to change.',
  },
  'input.alert-severity': {
    meaning: 'The alert has another severity than the trigger asks for.',
    remedy: 'Change `severity` in the rule that fires, or in the trigger.',
  },
  'input.alert-input': {
    meaning: 'The trigger fits, but an input of the playbook cannot be computed from this alert.',
    remedy: 'Give the rule the labels that the trigger reads, in the form that it reads.',
  },
  'input.alert-unfit': {
    meaning: 'The playbook could not be loaded when the api started, so nobody can say whether it would have answered.',
    remedy:
      '`firebreak playbook validate` shows every problem of it; mend it and start the api again. Meanwhile run what is needed by hand.',
  },
  'conflict.alert-stronger': {
    meaning: 'The playbook fits the alert too, and another one that fits as well was chosen.',
    remedy:
      'None is needed. The more severe playbook wins, then the trigger with more conditions, then the first name; run the other one by hand if it is wanted.',
  },
} as const satisfies FailureTable;
export type AlertMatchFailureCode = keyof typeof alertMatchFailures;
