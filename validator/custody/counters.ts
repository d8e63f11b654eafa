import type { FailureCode } from '../../domain/errors/failure.ts';
import type { AgentReport, DropReason } from './agent.ts';

/** Counts since the start of the process; codes and reasons are our own words, so the labels stay few. */
export class Counters {
  #signed = 0;
  #failed = 0;
  readonly #refusals = new Map<FailureCode, number>();
  readonly #dropped = new Map<DropReason, number>();

  signed(): void {
    this.#signed += 1;
  }

  failed(): void {
    this.#failed += 1;
  }

  refused(code: FailureCode): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  drop(reason: DropReason): DropReason {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
    return reason;
  }

  report(requestsActive: number): AgentReport['counters'] {
    return {
      signaturesSigned: this.#signed,
      signaturesFailed: this.#failed,
      requestsActive,
      refusals: Object.fromEntries(this.#refusals),
      dropped: Object.fromEntries(this.#dropped),
    };
  }
}
