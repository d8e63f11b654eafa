import { FirebreakFailure, failureOf } from '../../domain/errors/failure.ts';
import { judgePlan } from '../../domain/approval/plan-match.ts';
import type { VoteRequest } from '../../domain/approval/request.ts';
import type { Plan } from '../../domain/playbook/plan.ts';
import { loadFile } from '../playbook/sources.ts';

export type ReviewedOptions = {
  readonly playbook: string;
  readonly catalogue?: string;
  readonly library?: string;
};

/** The plan that this machine compiles from the playbook that the member reviewed; throws when the request asks for another one. */
export function reviewedPlan(request: VoteRequest, { playbook, catalogue, library }: ReviewedOptions): Plan {
  const loaded = loadFile(playbook, {
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(library === undefined ? {} : { library }),
  });
  if (!loaded.ok) {
    const [first] = loaded.problems;
    throw new FirebreakFailure(
      first?.code ?? 'input.playbook-schema',
      `${first?.file ?? playbook}:${first?.line ?? 1}:${first?.column ?? 1}: ${first?.message ?? 'cannot be loaded'}`,
    );
  }
  const verdict = judgePlan(request, loaded.plan);
  if (!verdict.ok) throw failureOf(verdict.refusal);
  return verdict.value;
}
