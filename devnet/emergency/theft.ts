import { rmSync } from 'node:fs';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { takeCopy } from '../copy.ts';
import type { Network } from '../network.ts';

/** Ten of fifteen sign: of any six at least one does. */
const WITHIN_REACH = [2, 3, 5, 7, 9, 12].map(validatorId);

/** What a thief could carry away before the payout: what is signed from here on, a copy does not know. */
export function takeCopies({ layout, ports }: Network): void {
  for (const id of WITHIN_REACH) takeCopy(layout, ports, id);
}

/** The copy that matters is of a validator that has signed since; the others are thrown away. */
export function keepOneCopy({ layout }: Network, signers: readonly ValidatorId[]): ValidatorId {
  const suspect = WITHIN_REACH.find((id) => signers.includes(id));
  for (const id of WITHIN_REACH) if (id !== suspect) rmSync(layout.copyOf(id).dir, { recursive: true, force: true });
  if (suspect !== undefined) return suspect;
  throw new FirebreakFailure('unknown-outcome.story', 'nobody whose folder was copied has signed since');
}
