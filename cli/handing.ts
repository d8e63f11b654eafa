import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../domain/network/network.ts';
import { validatorName } from '../domain/network/network.ts';
import type { ValidatorNetwork } from '../domain/ports/validator-network.ts';
import type { Request, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, refusalOf, within } from './asking.ts';
import { readValidator, roster } from './validators.ts';

const PATIENCE_SECONDS = 10;

/** What is handed to one validator, and how its answer shows that it was taken. */
export type Handed = {
  /** What the person gave us, in a word. */
  readonly what: string;
  readonly body: Request['body'];
  readonly round: Round;
  /** One name for one effect. */
  readonly key: string;
  /** Whether the signed answer says that it was taken. */
  readonly isTaken: (payload: Uint8Array) => boolean;
  /** What an answer says that does not show it, when it says why. */
  readonly whyNot?: (payload: Uint8Array) => FirebreakFailure | undefined;
};

/**
 * Hands a signed document to one validator, which tells all others. Without `to` the first that takes it: one that says no, or yes to
 * something else, must not keep it from the others. Throws the first final no, else `unavailable.validators`.
 */
export async function handToOne(
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  handed: Handed,
  to?: string,
): Promise<{ readonly validator: ValidatorId; readonly payload: Uint8Array }> {
  const candidates = to === undefined ? roster(genesis) : [readValidator(to, genesis)];
  let no: FirebreakFailure | undefined;
  for (const validator of candidates) {
    const context = within(PATIENCE_SECONDS, handed.key);
    const [heard] = await askEach(network, genesis, [validator], handed.body, handed.round, context);
    if (heard?.ok && handed.isTaken(heard.opened.payload)) return { validator, payload: heard.opened.payload };
    if (heard === undefined) continue;
    const why = heard.ok ? handed.whyNot?.(heard.opened.payload) : refusalOf(heard);
    no = firstFinal(no, why ?? notTaken(validator, handed.what));
  }
  if (no !== undefined && no.family !== 'unavailable') throw no;
  throw new FirebreakFailure(
    'unavailable.validators',
    `none of ${candidates.length} validators took the ${handed.what}: ${no?.message ?? 'no answer'}`,
  );
}

const notTaken = (validator: ValidatorId, what: string): FirebreakFailure =>
  new FirebreakFailure('unavailable.validators', `${validatorName(validator)} answered without taking the ${what}`);

const firstFinal = (before: FirebreakFailure | undefined, now: FirebreakFailure): FirebreakFailure =>
  before === undefined || before.family === 'unavailable' ? now : before;
