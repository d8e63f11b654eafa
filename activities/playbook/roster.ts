import { isKeyState } from '../../domain/ceremony/ceremony.ts';
import { chooseParticipants, knownEpochs, type RosterWord, smallestFor } from '../../domain/ceremony/next-key.ts';
import { fewestParticipants } from '../../domain/ceremony/participants.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorId, validatorName } from '../../domain/network/network.ts';
import type { ValidatorStatus } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { everyone } from '../gathering.ts';
import { pausedNow } from '../pauses.ts';
import type { ActionBinding } from './binding.ts';
import { readStatus, statusOf, TAKES_PART } from './validators.ts';

/** Who makes the next key, from what every validator that answers has signed about itself now. */
export const rosterActions: Readonly<Record<string, ActionBinding>> = {
  'roster.choose': {
    effect: 'none',
    results: { participants: 'list<validator>', smallest: 'int', epoch: 'int', nextEpoch: 'int' },
    perform: async ({ without }, doing) => {
      const { genesis } = doing.deps;
      const suspects = (Array.isArray(without) ? without : []).map((id) => validatorId(Number(id)));
      const { accepted } = await statusOf(everyone(doing.deps), doing);
      const words = new Map<ValidatorId, RosterWord>(
        [...accepted].map(([id, opened]) => [id, wordOf(readStatus(opened))]),
      );
      const paused = await pausedNow(doing.deps, doing.attempt);
      const ready = new Set([...words].filter(([id, word]) => word.ready && !paused.includes(id)).map(([id]) => id));
      const participants = chooseParticipants(genesis, suspects, ready);
      const fewest = fewestParticipants(genesis.threshold);
      if (participants.length < fewest) {
        throw new FirebreakFailure(
          'policy.roster-small',
          `without ${suspects.map(validatorName).join(', ')} there are ${participants.length} validators, a key takes ${fewest}`,
        );
      }
      const { active, highest } = knownEpochs(words.values(), genesis);
      if (active === 0)
        throw new FirebreakFailure(
          'not-yet.key-active',
          'too few validators say that a key is active: there is none to leave',
        );
      return {
        participants,
        smallest: smallestFor(genesis.threshold, participants.length),
        epoch: active,
        nextEpoch: highest + 1,
      };
    },
  },
};

const wordOf = ({ state, keysets }: ValidatorStatus): RosterWord => ({
  ready: TAKES_PART.has(state),
  keys: keysets.flatMap((key) => (isKeyState(key.state) ? [{ epoch: key.epoch, state: key.state }] : [])),
});
