import { FirebreakFailure } from '../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../domain/network/network.ts';
import { readWholeNumber } from './duration.ts';

/** "7", "007" or "validator-007" to a member of the roster. */
export function readValidator(text: string, genesis: NetworkGenesis): ValidatorId {
  const id = readWholeNumber(text.replace(/^validator-/, ''), 'validator', 1, genesis.validators.length);
  if (!genesis.validators.some((entry) => entry.id === id)) {
    throw new FirebreakFailure('input.usage', `validator ${text} is not in the roster of ${genesis.name}`);
  }
  return validatorId(id);
}

export const roster = (genesis: NetworkGenesis): readonly ValidatorId[] => genesis.validators.map((entry) => entry.id);
