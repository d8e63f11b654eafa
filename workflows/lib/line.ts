import type { Saying } from '../../activities/gathering.ts';
import type { ValidatorId } from '../../domain/network/network.ts';

/** Why somebody is not asked to sign in another session. */
type Standing = {
  /** The session that it belongs to; a word about another one changes nothing. */
  readonly session: number;
  /** `owes`: committed and has not answered. `said-no`: answered otherwise. `proven`: signed what convicts it. */
  readonly why: 'owes' | 'said-no' | 'proven';
};

/**
 * Who may sign in the next session of a signing: whoever has answered in every session that it committed to. Each session that is not
 * whole keeps at least one of its signers out of the line, and nobody is kept out by two, so with n participants of whom t must sign
 * no more than n - t + 1 sessions can ever begin, whoever is slow, silent or hostile and however they agree among themselves (the argument
 * of ROAST, eprint 2022/550). Time is no part of it: somebody slow is back in the line as soon as it has answered.
 */
export class Line {
  readonly #standings = new Map<ValidatorId, Standing>();
  readonly #participants: number;

  constructor(participants: number) {
    this.#participants = participants;
  }

  /** How many may be asked now. */
  get free(): number {
    return this.#participants - this.#standings.size;
  }

  /** Who is not asked for the next session. */
  get out(): ValidatorId[] {
    return [...this.#standings.keys()];
  }

  /** Who is not asked even when the free ones are too few: what it owes is waited for, and what is proven stays. */
  get outInNeed(): ValidatorId[] {
    return this.#with(({ why }) => why !== 'said-no');
  }

  committed(session: number, signers: readonly ValidatorId[]): void {
    for (const validator of signers) this.#put(validator, { session, why: 'owes' });
  }

  /** Gave what it owed, and nothing is wrong with it. */
  answered(session: number, validators: readonly ValidatorId[]): void {
    for (const validator of validators) {
      const standing = this.#standings.get(validator);
      if (standing?.session === session && standing.why !== 'proven') this.#standings.delete(validator);
    }
  }

  saidNo(session: number, sayings: readonly Pick<Saying, 'validator'>[]): void {
    for (const { validator } of sayings)
      if (this.#standings.get(validator)?.session === session) this.#put(validator, { session, why: 'said-no' });
  }

  /** Out of this signing for good. */
  proven(session: number, validators: readonly ValidatorId[]): void {
    for (const validator of validators) this.#put(validator, { session, why: 'proven' });
  }

  /** Who has not answered in this session, and may still. */
  owing(session: number): ValidatorId[] {
    return this.#with((standing) => standing.session === session && standing.why === 'owes');
  }

  /**
   * Everybody who is not proven hostile gets another chance; the bound of sessions holds for what comes after as for what came before.
   * False when nobody is waiting for one.
   */
  forgive(): boolean {
    const waiting = this.#with(({ why }) => why === 'said-no');
    for (const validator of waiting) this.#standings.delete(validator);
    return waiting.length > 0;
  }

  #put(validator: ValidatorId, standing: Standing): void {
    if (this.#standings.get(validator)?.why !== 'proven') this.#standings.set(validator, standing);
  }

  #with(holds: (standing: Standing) => boolean): ValidatorId[] {
    return [...this.#standings].filter(([, standing]) => holds(standing)).map(([validator]) => validator);
  }
}
