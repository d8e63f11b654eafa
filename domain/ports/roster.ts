import type { ValidatorId } from '../network/network.ts';
import type { EffectContext } from './context.ts';

/** What a run asks for; `key` names the effect, the same for every try. */
export type PauseRequest = {
  readonly validator: ValidatorId;
  readonly run: string;
  readonly step: string;
  readonly reason: string;
  readonly key: string;
};

/**
 * Whom this installation leaves out of new ceremonies while there are others, kept where every worker finds it. Validators know nothing of
 * it and need not: whoever coordinates can always ask another one, so a pause gives it no power that it lacks, and six paused
 * validators delay no more than a coordinator that asks nobody.
 */
export type RosterPauses = {
  pause(request: PauseRequest, context: EffectContext): Promise<void>;
  resume(request: Omit<PauseRequest, 'reason' | 'step'>, context: EffectContext): Promise<void>;
  /** Throws `unavailable.roster` when nobody can say. */
  paused(context: EffectContext): Promise<readonly ValidatorId[]>;
};
