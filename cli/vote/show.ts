import { judgeRequest } from '../../domain/approval/request.ts';
import { subjectDigest } from '../../domain/approval/vote.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readVoteRequest } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { EXIT } from '../exit.ts';
import type { Outcome } from '../outcome.ts';
import { refusedPlaybook } from '../playbook/validate.ts';
import { reviewedPlan } from './reviewed.ts';
import { describeRequest } from './words.ts';

export type ShowOptions = CommitteeOptions & {
  readonly playbook?: string;
  readonly catalogue?: string;
  readonly library?: string;
};

/** Prints what is asked and whether a member here could sign it. */
export function showRequest(file: string, options: ShowOptions, nowSeconds: number = nowInSeconds()): Outcome {
  const authority = presentAuthority(options);
  const request = readVoteRequest(file);
  const { playbook, ...places } = options;
  const reviewed = playbook === undefined ? undefined : reviewedPlan(request, { ...places, playbook }, authority);
  if (reviewed?.ok === false) return refusedPlaybook(reviewed.problems);
  const verdict = judgeRequest(request, authority, nowSeconds);
  return {
    data: {
      request,
      digest: subjectDigest(request.subject),
      valid: verdict.ok,
      ...(verdict.ok ? {} : { refusal: verdict.refusal }),
    },
    lines: [
      ...describeRequest(request, authority.committee, reviewed),
      ...(verdict.ok ? [] : [`  NOT FIT TO SIGN (${verdict.refusal.code}): ${verdict.refusal.message}`]),
    ],
    ...(verdict.ok ? { next: `approve ${file} --playbook <file> --key <member key file>` } : {}),
    exitCode: verdict.ok ? EXIT.done : EXIT.refused,
  };
}
