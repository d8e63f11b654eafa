import type { NetworkGenesis, ValidatorId } from '../network/network.ts';
import type { KeyState } from './ceremony.ts';
import { fewestParticipants } from './participants.ts';

type Roster = Pick<NetworkGenesis, 'threshold' | 'validators'>;

/** What one validator has signed about itself: whether it takes part in ceremonies now, and the keys whose certificate it holds. */
export type RosterWord = {
  readonly ready: boolean;
  readonly keys: readonly { readonly epoch: number; readonly state: KeyState }[];
};

/**
 * How many above the threshold a new key wants at least. With one (`fewestParticipants`) the next loss leaves exactly as many as must
 * sign, and whatever happens then cannot be answered with another rotation. With two a further suspect can be left out, and those who
 * remain may still make a key.
 */
const MARGIN = 2;

/** The number that a plan proposes as the smallest circle. */
export const smallestFor = (threshold: number, participants: number): number =>
  Math.max(fewestParticipants(threshold), Math.min(threshold + MARGIN, participants));

/**
 * As many as make a key without votes, and not those in `without`: validators that answer before spares that answer, both before
 * whoever is silent. Fewer when the roster has no more.
 */
export function chooseParticipants(
  { validators }: Pick<Roster, 'validators'>,
  without: readonly ValidatorId[],
  ready: ReadonlySet<ValidatorId>,
): readonly ValidatorId[] {
  const size = validators.filter(({ spare }) => spare !== true).length;
  const rank = ({ id, spare }: (typeof validators)[number]): number =>
    (ready.has(id) ? 0 : 2) + (spare === true ? 1 : 0);
  return validators
    .filter(({ id }) => !without.includes(id))
    .toSorted((a, b) => rank(a) - rank(b) || a.id - b.id)
    .slice(0, size)
    .map(({ id }) => id)
    .sort((a, b) => a - b);
}

/**
 * Highest epochs that are proven by signed statements: of a key that gives addresses, and of any key that has a certificate. An epoch
 * counts once more validators vouch for it than the network can be without; one that lies cannot use up numbers.
 */
export function knownEpochs(
  words: Iterable<RosterWord>,
  { threshold, validators }: Roster,
): { readonly active: number; readonly highest: number } {
  const holders = new Map<number, { certified: number; active: number }>();
  for (const { keys } of words) {
    for (const epoch of new Set(keys.map((key) => key.epoch))) {
      const states = keys.filter((key) => key.epoch === epoch).map(({ state }) => state);
      const count = holders.get(epoch) ?? { certified: 0, active: 0 };
      if (states.some((state) => state !== 'proposed')) count.certified += 1;
      if (states.includes('active')) count.active += 1;
      holders.set(epoch, count);
    }
  }
  const need = validators.filter(({ spare }) => spare !== true).length - threshold + 1;
  const highestOf = (kind: 'certified' | 'active'): number =>
    [...holders].reduce((most, [epoch, count]) => (count[kind] >= need && epoch > most ? epoch : most), 0);
  return { active: highestOf('active'), highest: highestOf('certified') };
}
