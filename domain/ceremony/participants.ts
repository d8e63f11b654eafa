import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../network/network.ts';
import type { KeyOrigin } from './ceremony.ts';

type Roster = Pick<NetworkGenesis, 'threshold' | 'validators'>;

/** Who makes a key that no playbook asked for: pinned, never proposed. */
export const pinnedParticipants = ({ validators }: Pick<NetworkGenesis, 'validators'>): ValidatorId[] =>
  validators.filter(({ spare }) => spare !== true).map(({ id }) => id);

/**
 * The fewest that may make a key which the committee voted for, whatever the votes allow. With as many participants as must sign, the
 * first share that is lost loses every coin of the key, and each participant could hold them all up; one more survives any one loss.
 */
export const fewestParticipants = (threshold: number): number => threshold + 1;

/**
 * Whether these validators may make a key here: listed, ascending, each once. Without an origin exactly the pinned ones; with one
 * anybody of the roster, but never fewer than `fewestParticipants`. Whether the committee voted for them is for `judgeOrigin`.
 */
export function judgeParticipants(
  participants: readonly number[],
  origin: KeyOrigin | undefined,
  roster: Roster,
): Verdict<readonly ValidatorId[], 'policy.key-participants'> {
  const wrong = (why: string) => refuse('policy.key-participants', `participants of the key: ${why}`);
  const listed = new Set<number>(roster.validators.map(({ id }) => id));
  const stranger = participants.find((id) => !listed.has(id));
  if (stranger !== undefined) return wrong(`${stranger} is not in the roster`);
  if (!isAscending(participants)) return wrong('write each once, in ascending order');
  const ids = participants as readonly ValidatorId[];
  if (origin === undefined) {
    const pinned = pinnedParticipants(roster);
    return ids.length === pinned.length && pinned.every((id, at) => id === ids[at])
      ? accept(ids)
      : wrong(`without votes they are exactly ${pinned.join(' ')}, not ${ids.join(' ')}`);
  }
  const fewest = fewestParticipants(roster.threshold);
  return ids.length >= fewest ? accept(ids) : wrong(`there are ${ids.length}, at least ${fewest} are needed`);
}

/** Strictly: no id twice. */
export const isAscending = (ids: readonly number[]): boolean =>
  ids.every((id, at) => at === 0 || id > (ids[at - 1] ?? 0));
