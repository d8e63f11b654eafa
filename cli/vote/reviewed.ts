import { failureOf } from '../../domain/errors/failure.ts';
import { judgePlan } from '../../domain/approval/plan-match.ts';
import type { VoteRequest } from '../../domain/approval/request.ts';
import type { Plan } from '../../domain/playbook/plan.ts';
import type { Problem } from '../../language/problem.ts';
import { loadFile } from '../playbook/sources.ts';

export type ReviewedOptions = {
  readonly playbook: string;
  readonly catalogue?: string;
  readonly library?: string;
};
export type Reviewed =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The plan that this machine compiles from the playbook that the member reviewed, or why it does not compile here. Throws when the request
 * asks for another one.
 */
export function reviewedPlan(request: VoteRequest, { playbook, catalogue, library }: ReviewedOptions): Reviewed {
  const loaded = loadFile(playbook, {
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(library === undefined ? {} : { library }),
  });
  if (!loaded.ok) return loaded;
  const verdict = judgePlan(request, loaded.plan);
  if (!verdict.ok) throw failureOf(verdict.refusal);
  return { ok: true, plan: verdict.value };
}
