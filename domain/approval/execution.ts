import type { Authority } from '../committee/committee.ts';
import { canonicalBytes } from '../encoding/digest.ts';
import { toHex } from '../encoding/hex.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { type CertificateRefusal, type Expected, judgeCertificate, type VoteCertificate } from './certificate.ts';
import {
  type ArgumentValue,
  type CertifiedOutput,
  type CoveredKind,
  coveredDigest,
  type CoveredStep,
  type CoverRefusal,
  judgeCovers,
  type OutputRefusal,
  settleArguments,
} from './covered.ts';

/** What lets a covered step happen: the certificate, and the steps whose digest it binds. */
export type Proof = { readonly certificate: VoteCertificate; readonly covers: readonly CoveredStep[] };

/** What is about to happen, by the executor's own knowledge. */
export type Execution = Omit<Expected, 'arguments'> & {
  readonly covered: {
    readonly step: string;
    readonly kind: CoveredKind;
    readonly name: string;
    readonly arguments: Readonly<Record<string, ArgumentValue>>;
  };
};

export type ExecutionRefusal = CertificateRefusal | CoverRefusal | OutputRefusal;

/** Whether the votes of a proof are complete and about exactly the steps that it shows. The value names who approved. */
export function judgeVotes(
  { certificate, covers }: Proof,
  expected: Omit<Expected, 'arguments'>,
  authority: Authority,
  nowSeconds: number,
): Verdict<readonly string[], CertificateRefusal | CoverRefusal> {
  const sound = judgeCovers(covers);
  if (!sound.ok) return sound;
  const votes = judgeCertificate(certificate, { ...expected, arguments: coveredDigest(covers) }, authority, nowSeconds);
  return votes.ok ? accept(votes.value.approvedBy) : votes;
}

/**
 * Whether `proof` lets exactly this happen now: the votes are complete and about these steps, this step is one of them, and what it is
 * given is what was voted on, or the certified output of the step that the members named.
 */
export function judgeExecution(
  { certificate, covers }: Proof,
  { covered, ...expected }: Execution,
  certified: ReadonlyMap<string, CertifiedOutput>,
  authority: Authority,
  nowSeconds: number,
): Verdict<readonly string[], ExecutionRefusal> {
  const votes = judgeVotes({ certificate, covers }, expected, authority, nowSeconds);
  if (!votes.ok) return votes;
  const voted = covers.find(({ step }) => step === covered.step);
  if (voted === undefined || voted.kind !== covered.kind || voted.name !== covered.name)
    return refuse('policy.step-not-covered', `${covered.kind} ${covered.name} at step ${covered.step} is not covered`);
  const settled = settleArguments(certificate.subject, covers, covered.step, certified);
  if (!settled.ok) return settled;
  if (toHex(canonicalBytes(settled.value)) !== toHex(canonicalBytes(covered.arguments)))
    return refuse('policy.vote-arguments', `step ${covered.step} would be given other arguments than were voted on`);
  return votes;
}
