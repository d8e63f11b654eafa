import type { FailureTable } from '../../domain/errors/failure.ts';

export const alertSourceFailures = {
  'policy.alert-unauthenticated': {
    meaning: 'A delivery carries no credential of its source, or a wrong one. Nothing of its body was looked into.',
    remedy:
      'Compare the secret that the sender uses with the one that the source names in api.toml. Many of these from a stranger are an attack.',
  },
  'policy.alert-replayed': {
    meaning: 'The signature of a delivery is right and too old or too new for the replay window.',
    remedy: 'Set the clocks of both machines; a sender signs again for every attempt.',
  },
  'input.alert-body': {
    meaning: 'The body of a delivery is not what this kind of source sends.',
    remedy: 'The message names the field. Check the version of the sender and whether its payload was customised.',
  },
  'input.alert-secret': {
    meaning: 'The secret of an alert source is not where api.toml says, is too short, or can be read by others.',
    remedy: 'Put at least 16 random characters there; a file must be readable by its owner only (chmod 0400).',
  },
} as const satisfies FailureTable;
export type AlertSourceFailureCode = keyof typeof alertSourceFailures;
