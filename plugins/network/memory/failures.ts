import type { FailureTable } from '../../../domain/errors/failure.ts';

export type NetworkMemoryFailureCode =
  | 'input.config'
  | 'unavailable.validator-silent'
  | 'unavailable.validator-unreachable';

export const networkMemoryFailures: FailureTable<NetworkMemoryFailureCode> = {
  'input.config': {
    meaning: 'The in-memory network was given settings; it has none.',
    remedy: 'Remove the fields that the message names.',
  },
  'unavailable.validator-silent': {
    meaning: 'The handler of a validator threw, or gave no answer before the deadline.',
    remedy: 'Look at the handler: in a test this stands for a validator that hangs.',
  },
  'unavailable.validator-unreachable': {
    meaning: 'No handler is registered for the validator: in a test this stands for one that is down.',
    remedy: 'Register a handler, or expect this answer.',
  },
};
