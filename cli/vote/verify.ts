import { judgeCertificate } from '../../domain/approval/certificate.ts';
import { judgeRequest } from '../../domain/approval/request.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readVoteCertificate, readVoteRequest } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { EXIT } from '../exit.ts';
import type { Outcome } from '../outcome.ts';
import { describeRequest } from './words.ts';

export type VerifyOptions = CommitteeOptions & { readonly request: string };

/** Whether an executor that is about to do what the request says would obey this certificate now. */
export function verifyVotes(file: string, options: VerifyOptions, nowSeconds: number = nowInSeconds()): Outcome {
  const authority = presentAuthority(options);
  const request = readVoteRequest(options.request);
  const asked = judgeRequest(request, authority, nowSeconds);
  if (!asked.ok) throw failureOf(asked.refusal);
  const verdict = judgeCertificate(readVoteCertificate(file), asked.value, authority, nowSeconds);
  return {
    data: { valid: verdict.ok, ...(verdict.ok ? verdict.value : { refusal: verdict.refusal }) },
    lines: [
      ...describeRequest(request, authority.committee),
      ...(verdict.ok
        ? [
            `  approved   ${verdict.value.approvedBy.join(', ')}`,
            '  verdict    VALID: an executor that wants exactly this obeys it',
          ]
        : [`  verdict    NOT VALID (${verdict.refusal.code}): ${verdict.refusal.message}`]),
    ],
    exitCode: verdict.ok ? EXIT.done : EXIT.refused,
  };
}
