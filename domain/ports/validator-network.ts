import type { ValidatorId } from '../network/network.ts';
import type { EffectContext, LifeCycle } from './context.ts';

/** One validator's answer, or why there is none. Bytes are `wire` messages; the port does not look inside. */
export type Answer =
  | { readonly validator: ValidatorId; readonly ok: true; readonly response: Uint8Array }
  | { readonly validator: ValidatorId; readonly ok: false; readonly code: string; readonly message: string };

export type AskManyOptions = {
  /** Resolve as soon as this many answered ok; the rest is cancelled. Omit to wait for everyone or the deadline. */
  readonly enough?: number;
  /** Called once per answer, as it arrives: heartbeats and progress. */
  readonly onAnswer?: (answer: Answer) => void;
};

/** How a coordinator reaches validators. Silence becomes an Answer with `unavailable.*` at the deadline; nothing throws for one peer. */
export type ValidatorNetwork = LifeCycle & {
  ask(validator: ValidatorId, request: Uint8Array, context: EffectContext): Promise<Answer>;
  askMany(
    requests: ReadonlyMap<ValidatorId, Uint8Array>,
    context: EffectContext,
    options?: AskManyOptions,
  ): Promise<readonly Answer[]>;
  /** Connected validators right now. */
  connected(): readonly ValidatorId[];
};
