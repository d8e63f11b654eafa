import type { Refusal } from '../domain/errors/failure.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { Attempt } from './attempt.ts';
import { type Asked, gather } from './asking.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ascending, type Envelopes, getEnvelopes, putEnvelopes } from './documents.ts';

export type Saying = {
  readonly validator: ValidatorId;
  readonly code: Refusal['code'];
  readonly message: string;
  /** Unix seconds from which it would say yes, as far as it knows. */
  readonly roomAtSeconds?: number;
};

/** What a workflow learns of one slice of asking; the statements themselves lie in the blob. */
export type Gathering = {
  readonly collected: BlobRef;
  readonly have: readonly ValidatorId[];
  /** Not heard of yet, with the last reason; asking goes on. */
  readonly missing: readonly Saying[];
  /** Said a final no. */
  readonly refused: readonly Saying[];
  /** What some of them signed in the place of a good answer; absent where nobody did. */
  readonly against?: BlobRef;
};

export type Slice = {
  /** Statements of earlier slices: their validators are not asked again. */
  readonly collected?: BlobRef;
  readonly seconds: number;
};

export type SliceQuestion = Omit<Asked, 'untilMs' | 'onAccepted' | 'requests' | 'enough'> & {
  readonly validators: readonly ValidatorId[];
  /** Statements that are needed in all; default: of every one asked. */
  readonly enough?: number;
  readonly request: (validator: ValidatorId) => Uint8Array;
};

/** One slice: asks those who have not answered in earlier ones, and stores everything heard so far. */
export async function gatherSlice(
  deps: ActivityDependencies,
  attempt: Attempt,
  slice: Slice,
  question: SliceQuestion,
): Promise<{ readonly gathering: Gathering; readonly envelopes: Envelopes }> {
  const { validators, request, enough = validators.length, ...asked } = question;
  const envelopes = await getEnvelopes(deps, slice.collected, attempt);
  const before = envelopes.size;
  attempt.report({ have: before, need: enough });
  const outstanding = validators.filter((validator) => !envelopes.has(validator));
  const heard = await gather(deps, attempt, {
    ...asked,
    requests: new Map(outstanding.map((validator) => [validator, request(validator)])),
    enough: Math.max(0, enough - before),
    untilMs: deps.clock() + slice.seconds * 1_000,
    onAccepted: (count) => attempt.report({ have: before + count, need: enough }),
  });
  for (const [validator, opened] of heard.accepted) envelopes.set(validator, opened.envelope);
  return {
    envelopes,
    gathering: {
      collected: await putEnvelopes(deps, envelopes, attempt),
      have: ascending(envelopes).map(([validator]) => validator),
      missing: sayings(heard.silent),
      refused: sayings(heard.refused),
      ...(heard.against.size === 0
        ? {}
        : {
            against: await putEnvelopes(
              deps,
              new Map([...heard.against].map(([validator, { envelope }]) => [validator, envelope])),
              attempt,
            ),
          }),
    },
  };
}

export const sayings = (refusals: ReadonlyMap<ValidatorId, Refusal>): Saying[] =>
  ascending(refusals).map(([validator, { code, message, details }]) => ({
    validator,
    code,
    message: message.slice(0, 160),
    ...(typeof details?.['roomAtSeconds'] === 'number' ? { roomAtSeconds: details['roomAtSeconds'] } : {}),
  }));

export const everyone = (deps: Pick<ActivityDependencies, 'genesis'>): ValidatorId[] =>
  deps.genesis.validators.map((entry) => entry.id);
