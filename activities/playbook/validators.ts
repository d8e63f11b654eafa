import { fromBinary } from '@bufbuild/protobuf';
import { pinnedParticipants } from '../../domain/ceremony/participants.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { OpenedEnvelope } from '../../wire/envelope.ts';
import { Round, type ValidatorStatus, ValidatorStatusSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { gather, type Gathered, requestBytes } from '../asking.ts';
import { everyone } from '../gathering.ts';
import type { Doing, ProbeBinding } from './binding.ts';

const ASK_MS = 5_000;
/** States in which a validator takes part in ceremonies. */
export const TAKES_PART: ReadonlySet<string> = new Set(['ready']);

type Asking = Pick<Doing, 'deps' | 'attempt' | 'untilMs'>;

export function statusOf(validators: readonly ValidatorId[], { deps, attempt, untilMs }: Asking): Promise<Gathered> {
  const request = requestBytes(deps, { case: 'sayStatus', value: {} });
  return gather(deps, attempt, {
    requests: new Map(validators.map((validator) => [validator, request])),
    enough: validators.length,
    expected: { round: Round.STATUS, keyset: '', epoch: 0, ceremony: '' },
    untilMs: Math.min(untilMs, deps.clock() + ASK_MS),
  });
}

export const readStatus = ({ payload }: OpenedEnvelope): ValidatorStatus => fromBinary(ValidatorStatusSchema, payload);

/**
 * Who can sign with the newest active key: whoever says that it has a share, and of the silent ones those that are no spares. Before the
 * first key, whoever will make it.
 */
function signersOf(genesis: NetworkGenesis, words: ReadonlyMap<ValidatorId, ValidatorStatus>): readonly ValidatorId[] {
  const active = [...words.values()].flatMap(({ keysets }) => keysets.filter(({ state }) => state === 'active'));
  const newest = active.reduce((most, { epoch }) => Math.max(most, epoch), 0);
  const pinned = new Set(pinnedParticipants(genesis));
  return genesis.validators
    .map(({ id }) => id)
    .filter((id) => {
      const word = newest === 0 ? undefined : words.get(id);
      return word === undefined
        ? pinned.has(id)
        : word.keysets.some(({ epoch, state, share }) => epoch === newest && state === 'active' && share);
    });
}

export const validatorProbes: Readonly<Record<string, ProbeBinding>> = {
  'validators.live': {
    results: { live: 'int', threshold: 'int', missing: 'list<validator>' },
    look: async (_given, doing) => {
      const { genesis } = doing.deps;
      const { accepted } = await statusOf(everyone(doing.deps), doing);
      const words = new Map([...accepted].map(([validator, opened]) => [validator, readStatus(opened)]));
      const signers = signersOf(genesis, words);
      const live = signers.filter((validator) => TAKES_PART.has(words.get(validator)?.state ?? ''));
      return {
        live: live.length,
        threshold: genesis.threshold,
        missing: signers.filter((validator) => !live.includes(validator)),
      };
    },
  },
  'validator.health': {
    results: { reachable: 'bool', ready: 'bool', frozen: 'bool', conflict: 'text' },
    look: async ({ validator }, doing) => {
      const { accepted, refused } = await statusOf([validatorId(Number(validator))], doing);
      const [opened] = accepted.values();
      const [no] = refused.values();
      const conflict = no === undefined ? '' : `${no.code}: ${no.message}`.slice(0, 300);
      if (opened === undefined) return { reachable: false, ready: false, frozen: false, conflict };
      const { state, orders } = readStatus(opened);
      return {
        reachable: true,
        ready: TAKES_PART.has(state),
        frozen: Number(orders?.frozenUntilSeconds ?? 0n) * 1_000 > doing.deps.clock(),
        conflict,
      };
    },
  },
};
