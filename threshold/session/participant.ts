import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import type { Identifier } from '@noble/curves/abstract/frost.js';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';

/** The curve library names participants by their scalar in hex. */
export const identifierOf = (validator: ValidatorId): Identifier => schnorr_FROST.Identifier.fromNumber(validator);

/** Entries in id order; `input.keygen-set` unless the keys are exactly `ids`. */
export function inOrder<T>(
  ids: readonly ValidatorId[],
  entries: ReadonlyMap<ValidatorId, T>,
  what: string,
): [ValidatorId, T][] {
  const ordered = ids.map((id): [ValidatorId, T] => {
    const entry = entries.get(id);
    if (entry === undefined)
      throw new FirebreakFailure('input.keygen-set', `${what} lack validator ${id}`, { validator: id });
    return [id, entry];
  });
  if (entries.size !== ids.length)
    throw new FirebreakFailure('input.keygen-set', `${what} have an entry of a stranger`);
  return ordered;
}
