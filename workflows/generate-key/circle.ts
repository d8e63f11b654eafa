import type { Blamed } from '../../activities/blame.ts';
import type { Gathering, Slice } from '../../activities/gathering.ts';
import { accept, type Refusal, type Verdict } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { askUntil } from '../lib/ask.ts';
import type { Change } from '../lib/track.ts';
import type { GenerateKeyInput, GenerateKeyPhase } from './messages.ts';
import { entering, remaining } from './state.ts';

const ROUND_SECONDS_DEFAULT = 300;
/** Where the others can go on without it, a validator that is merely slow is not waited for as long. */
const ROUND_SECONDS_OR_WITHOUT = 60;

type Ask = (slice: Slice) => Promise<Gathering>;

/** Who makes the key: asked together in every round, and smaller with each attempt that somebody stood in the way of. */
export class Circle {
  /** Undefined until the first proposal, for a key between the pinned participants. */
  participants: readonly ValidatorId[] | undefined;
  attempt = 1;
  readonly #input: GenerateKeyInput;
  readonly #report: (change: Change<GenerateKeyPhase>) => void;
  /** The last round, as far as it was heard. */
  #heard: Gathering | undefined;
  /** Proven on the way, in all attempts. */
  readonly blame: Blamed[] = [];

  constructor(input: GenerateKeyInput, report: (change: Change<GenerateKeyPhase>) => void) {
    this.#input = input;
    this.#report = report;
    this.participants = input.participants;
  }

  /** Whether the votes allow fewer than they name. */
  get mayShrink(): boolean {
    const { participants, smallest } = this.#input;
    return participants !== undefined && smallest !== undefined && smallest < participants.length;
  }

  /** How a round is asked: whoever can go on without somebody wants to hear everybody first. */
  get hearing(): { readonly hearAll: true } | Record<string, never> {
    return this.mayShrink ? { hearAll: true } : {};
  }

  get #seconds(): number {
    return this.#input.roundSeconds ?? (this.mayShrink ? ROUND_SECONDS_OR_WITHOUT : ROUND_SECONDS_DEFAULT);
  }

  async everyone(phase: GenerateKeyPhase, slice: Ask): Promise<Verdict<Gathering>> {
    const of = this.participants?.length ?? 0;
    this.#report(entering(phase, of, this.attempt));
    this.#heard = undefined;
    const onSlice = (gathering: Gathering): void => {
      this.#heard = gathering;
      const { have, missing, refused } = gathering;
      this.#report({ have: have.length, missing: [...refused, ...missing].map(({ validator }) => validator) });
    };
    return askUntil({ need: of, of, seconds: this.#seconds, slice, onSlice });
  }

  /** The same, of a key that is proven already: whoever does not answer has its share all the same and may answer later. */
  async enough(phase: GenerateKeyPhase, slice: Ask): Promise<Verdict<Gathering>> {
    const all = await this.everyone(phase, slice);
    const heard = this.#heard;
    const fewest = this.mayShrink ? (this.#input.smallest ?? 0) : (this.participants?.length ?? 0);
    return all.ok || heard === undefined || heard.have.length < fewest ? all : accept(heard);
  }

  /** What was signed in the last round in the place of a good answer. */
  get against(): Gathering['against'] {
    return this.#heard?.against;
  }

  /** Leaves out whoever stood in the way of this attempt; false when nobody can be spared. */
  shrink(refusal: Refusal): boolean {
    const { smallest } = this.#input;
    if (!this.mayShrink || this.participants === undefined || smallest === undefined) return false;
    const { missing = [], refused = [] } = this.#heard ?? {};
    const left = remaining(this.participants, smallest, {
      missing,
      refused,
      refusal,
      proven: this.blame.map(({ validator }) => validator),
    });
    if (left.length === this.participants.length) return false;
    this.participants = left;
    return true;
  }
}
