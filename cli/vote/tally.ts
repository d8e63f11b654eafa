import { tally, type VoteCertificate } from '../../domain/approval/certificate.ts';
import { judgeRequest } from '../../domain/approval/request.ts';
import { type Ballot, judgeVote } from '../../domain/approval/vote.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readVote, readVoteRequest } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { writeDocument } from '../files.ts';
import type { Outcome } from '../outcome.ts';

export type TallyOptions = CommitteeOptions & { readonly vote: readonly string[]; readonly out?: string };

/** Counts vote files against a request; with enough approvals, `--out` writes the certificate that an executor checks alone. */
export function tallyVotes(file: string, options: TallyOptions, nowSeconds: number = nowInSeconds()): Outcome {
  const authority = presentAuthority(options);
  const request = readVoteRequest(file);
  const { subject } = request;
  const asked = judgeRequest(request, authority, nowSeconds);
  if (!asked.ok) throw failureOf(asked.refusal);
  const counted: Ballot[] = [];
  const refused: { readonly file: string; readonly code: string; readonly message: string }[] = [];
  for (const path of options.vote) {
    const verdict = judgeVote(readVote(path), subject, counted, authority, nowSeconds);
    if (verdict.ok) counted.push(verdict.value);
    else refused.push({ file: path, code: verdict.refusal.code, message: verdict.refusal.message });
  }
  const result = tally(subject, counted, authority, nowSeconds);
  const approved = result.outcome === 'approved';
  if (approved && options.out !== undefined) {
    const certificate: VoteCertificate = { version: 1, subject, ballots: counted };
    writeDocument(options.out, 'vote certificate', certificate);
  }
  return {
    data: { ...result, refused, ...(approved && options.out !== undefined ? { file: options.out } : {}) },
    lines: [
      `${result.outcome.toUpperCase()}: ${result.approved.length} of ${result.need} needed seats approve`,
      ...listed('approve', result.approved),
      ...listed('reject', result.rejected),
      ...listed('abstain', result.abstained),
      ...result.pushedBack.map(({ name, comment }) => `  push back  ${name}: ${comment}`),
      ...listed('silent', result.silent),
      ...refused.map(({ file: path, code, message }) => `  not counted  ${path} (${code}): ${message}`),
      ...(approved && options.out !== undefined ? [`written to ${options.out}`] : []),
    ],
    exitCode: approved ? EXIT.done : EXIT.refused,
  };
}

const listed = (what: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`  ${what.padEnd(9)}  ${names.join(', ')}`];
