import type { AgentState } from './agent.ts';

/**
 * Where the validator stands: the outer state machine says so, but a fault of journal or signer overrules it for good, and a doubt about
 * its own identity for as long as the doubt lasts.
 */
export class Standing {
  readonly #doubtNow: () => string | undefined;
  #state: AgentState = 'initialising';
  #reasons: readonly string[] = [];
  #fault: string | undefined;

  /** `doubt`: why it must take part in nothing now, as a sentence with its code; asked whenever somebody looks. */
  constructor(doubt: () => string | undefined = () => undefined) {
    this.#doubtNow = doubt;
  }

  get state(): AgentState {
    if (this.#fault !== undefined) return 'halted';
    return this.#state === 'ready' && this.doubt !== undefined ? 'degraded' : this.#state;
  }

  get reasons(): readonly string[] {
    const first = this.#fault ?? this.doubt;
    return first === undefined ? this.#reasons : [first, ...this.#reasons];
  }

  get doubt(): string | undefined {
    return this.#doubtNow();
  }

  set(state: AgentState, reasons: readonly string[]): void {
    this.#state = state;
    this.#reasons = reasons;
  }

  /** Needs a person: nothing but a restart lifts it. */
  halt(fault: string): void {
    this.#fault ??= fault;
  }
}
