import { FirebreakFailure } from '../../domain/errors/failure.ts';

/** One ceremony step at a time, first come first served, and a bounded line: two answers never interleave. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #waitingMax: number;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  get waiting(): number {
    return this.#waiting;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#waitingMax) {
      throw new FirebreakFailure('unavailable.agent-busy', `${this.#waiting} requests are waiting already`);
    }
    this.#waiting += 1;
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Resolves when everyone who waits now is through. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
