import type { Authority } from '../committee/committee.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { type CoveredStep, coveredDigest, type CoverRefusal, judgeCovers } from './covered.ts';
import { judgeSubject, type SubjectRefusal, type VoteSubject } from './vote.ts';

/** What a member is handed to decide on, and can carry to a machine without network: nothing in it is believed. */
export type VoteRequest = {
  readonly version: 1;
  readonly subject: VoteSubject;
  readonly covers: readonly CoveredStep[];
};

export type RequestRefusal = SubjectRefusal | CoverRefusal | 'policy.request-arguments';

/** Whether the request asks for what it shows: the digest of the shown steps is the one that will be signed. */
export function judgeRequest(
  { subject, covers }: VoteRequest,
  authority: Authority,
  nowSeconds: number,
): Verdict<VoteSubject, RequestRefusal> {
  const here = judgeSubject(subject, authority, nowSeconds);
  if (!here.ok) return here;
  const sound = judgeCovers(covers);
  if (!sound.ok) return sound;
  if (coveredDigest(covers) !== subject.arguments) {
    return refuse('policy.request-arguments', 'the steps shown are not the ones whose digest is asked for');
  }
  return accept(subject);
}
