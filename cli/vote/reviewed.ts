import { basename } from 'node:path';
import { failureOf } from '../../domain/errors/failure.ts';
import { judgePlan } from '../../domain/approval/plan-match.ts';
import type { VoteRequest } from '../../domain/approval/request.ts';
import { type Authority, countSeats } from '../../domain/committee/committee.ts';
import { endorsementDigest, judgeEndorsement } from '../../domain/playbook/endorsement.ts';
import { type Plan, planDigest } from '../../domain/playbook/plan.ts';
import type { Problem } from '../../language/problem.ts';
import { endorsementFile, readEndorsement } from '../playbook/endorsement.ts';
import { loadFile } from '../playbook/sources.ts';

export type ReviewedOptions = {
  readonly playbook: string;
  readonly catalogue?: string;
  readonly library?: string;
};
export type Reviewed =
  | { readonly ok: true; readonly plan: Plan; readonly endorsed: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The plan that this machine compiles from the playbook that the member reviewed, or why it does not compile here. Throws when the request
 * asks for another one.
 */
export function reviewedPlan(
  request: VoteRequest,
  { playbook, catalogue, library }: ReviewedOptions,
  authority: Authority,
): Reviewed {
  const loaded = loadFile(playbook, {
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(library === undefined ? {} : { library }),
  });
  if (!loaded.ok) return loaded;
  const verdict = judgePlan(request, loaded.plan);
  if (!verdict.ok) throw failureOf(verdict.refusal);
  return { ok: true, plan: verdict.value, endorsed: endorsedInWords(playbook, verdict.value, authority) };
}

/** Who signed the plan beforehand, by the file beside the playbook. A playbook that runs inside of another is pinned by the signed one. */
function endorsedInWords(playbook: string, plan: Plan, authority: Authority): string {
  const file = basename(endorsementFile(playbook));
  const signed = readEndorsement(playbook);
  if (signed === undefined) return `not signed as far as is seen here: no ${file} beside it`;
  const verdict = judgeEndorsement(signed, authority, plan.name, planDigest(plan));
  if (!verdict.ok) return `NOT SIGNED by the committee of today: ${verdict.refusal.message}`;
  const { committee } = authority;
  const seats = countSeats(signed.signatures, endorsementDigest(signed.endorsement), committee);
  return `signed by ${seats} of ${committee.members.length} seats (${file})`;
}
