import { fromBinary } from '@bufbuild/protobuf';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorId, validatorName } from '../../domain/network/network.ts';
import { Round, type Sighting, SightingsSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from '../asking.ts';
import { envelopeHex } from '../documents.ts';
import { everyone } from '../gathering.ts';
import type { Doing, ProbeBinding } from './binding.ts';
import { readStatus, statusOf } from './validators.ts';

const ASK_MS = 5_000;

/** What one validator says of an identity: one place and one memory unless it has seen more within the time. */
const wordAbout = (
  said: readonly Sighting[],
  validator: ValidatorId,
  sinceMs: number,
): { readonly addresses: number; readonly journals: number } =>
  said.find((each) => each.validator === validator && Number(each.lastAtMs) >= sinceMs) ?? {
    addresses: 1,
    journals: 1,
  };

/** The number that so many say at least: as many as can lie say nothing that counts. */
const saidBy = (words: readonly number[], enough: number): number =>
  words.toSorted((one, other) => other - one)[enough - 1] ?? 1;

export const sightingProbes: Readonly<Record<string, ProbeBinding>> = {
  'identity.sightings': {
    results: { addresses: 'int', journals: 'int', forked: 'bool' },
    look: async ({ validator, within }, doing) => {
      const suspect = validatorId(Number(validator));
      const { genesis, clock } = doing.deps;
      const { accepted } = await statusOf(
        everyone(doing.deps).filter((id) => id !== suspect),
        doing,
      );
      if (accepted.size < genesis.threshold) {
        throw new FirebreakFailure(
          'unavailable.sightings',
          `${accepted.size} of ${genesis.threshold} needed validators say what they have seen of ${validatorName(suspect)}`,
        );
      }
      const sinceMs = clock() - Number(within);
      const words = [...accepted.values()].map((opened) => wordAbout(readStatus(opened).sightings, suspect, sinceMs));
      const enough = genesis.validators.filter(({ spare }) => spare !== true).length - genesis.threshold + 1;
      const journals = saidBy(
        words.map((word) => word.journals),
        enough,
      );
      return {
        addresses: saidBy(
          words.map((word) => word.addresses),
          enough,
        ),
        journals,
        forked: journals > 1,
      };
    },
  },
};

/** What every validator that answers has seen of one identity, or of all, with the statements that prove it; for a blob of evidence. */
export async function sightingStatements(
  about: ValidatorId | undefined,
  { deps, attempt, untilMs }: Pick<Doing, 'deps' | 'attempt' | 'untilMs'>,
): Promise<readonly { readonly validator: ValidatorId; readonly envelope: ReturnType<typeof envelopeHex> }[]> {
  const request = requestBytes(deps, { case: 'saySightings', value: { validator: about ?? 0 } });
  const all = everyone(deps);
  const { accepted } = await gather(deps, attempt, {
    requests: new Map(all.map((validator) => [validator, request])),
    enough: all.length,
    expected: { round: Round.SIGHTINGS, keyset: '', epoch: 0, ceremony: '' },
    untilMs: Math.min(untilMs, deps.clock() + ASK_MS),
  });
  return [...accepted]
    .filter(([, { payload }]) => fromBinary(SightingsSchema, payload).sightings.length > 0)
    .map(([validator, { envelope }]) => ({ validator, envelope: envelopeHex(envelope) }));
}
