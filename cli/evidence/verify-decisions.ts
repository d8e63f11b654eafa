import { judgePlan } from '../../domain/approval/plan-match.ts';
import { judgeRequest } from '../../domain/approval/request.ts';
import { judgeVotes } from '../../domain/approval/execution.ts';
import { subjectDigest } from '../../domain/approval/vote.ts';
import type { AuditFacts, AuditRecord } from '../../domain/audit/record.ts';
import { type ActionClass, type Authority, committeeDigest, seatOf } from '../../domain/committee/committee.ts';
import { judgeEpoch } from '../../domain/committee/epoch.ts';
import { judgeEndorsement } from '../../domain/playbook/endorsement.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import { type ApprovalStep, type Plan, planDigest } from '../../domain/playbook/plan.ts';
import { parseProof, parseSignedEndorsement, parseSignedEpoch, parseVoteRequest } from '../../wire/documents/index.ts';
import { require } from '../ceremony/checks.ts';
import { accepted, type Context, documentOf, namedBy, type OpenedRun, runOf, secondsOf } from './context.ts';
import { requireInside } from './verify-runs.ts';

type Check<Kind extends keyof AuditFacts> = (context: Context, facts: AuditFacts[Kind], record: AuditRecord) => void;

/** The plan is what its digest says, and outside development the committee has signed it before it was ever needed. */
export const playbookOpened: Check<'playbook.opened'> = (context, { run, name, plan: digest, within }, record) => {
  require(!context.runs.has(run), 'a run is opened once');
  const plan = documentOf(context, record, 'plan', (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as Plan);
  require(planDigest(plan) === digest && plan.name === name, `its plan is not ${digest}`);
  if (within === undefined && context.authority.environment !== 'development') {
    const endorsement = documentOf(context, record, 'endorsement', parseSignedEndorsement);
    accepted(judgeEndorsement(endorsement, context.authority, name, digest));
  }
  const opened: OpenedRun = { plan, digest, within, started: new Map(), ended: undefined };
  requireInside(context, opened);
  context.runs.set(run, opened);
};

/** Each committee is signed by the one before; what two runs have heard of is told twice. */
export const committeeChanged: Check<'committee.changed'> = (context, { epoch, committee }, record) => {
  const signed = documentOf(context, record, 'epoch', parseSignedEpoch);
  require(signed.epoch.committee.epoch === epoch &&
    committeeDigest(signed.epoch.committee) === committee, 'its document is about another committee');
  if (passedBy(context, committee) !== undefined) return;
  context.authority = accepted(judgeEpoch(signed, context.authority));
  context.passed.push(context.authority);
};

const passedBy = ({ passed }: Context, digest: string): Authority | undefined =>
  passed.find(({ committee }) => committeeDigest(committee) === digest);

/** Nothing that an approval covers, and nothing that cannot be undone, was done without the votes for exactly this step. */
export const stepEnded: Check<'step.ended'> = (context, { run, step, key, outcome, approval }) => {
  const { plan, started } = runOf(context, run);
  const steps = everyStep(plan.steps);
  const planned = steps.find(({ id }) => id === step);
  require(planned !== undefined, `the plan has no step ${step}`);
  require(outcome !== 'finished' || started.get(key) === step, 'it was never begun');
  const asked = approval === undefined ? undefined : context.asked.get(approval);
  if (approval !== undefined) {
    require(asked?.certified === true, 'it names votes that are not certified before it');
    require(asked.run === run &&
      asked.covers.some((covered) => covered.step === step), 'it names votes about another step');
  }
  const isCovered = steps.some((each) => 'approval' in each && each.approval.covers.includes(step));
  // A step of another playbook asks for its own approvals, in its own run.
  const isFinal = 'effect' in planned && planned.effect === 'irreversible' && !('playbook' in planned);
  require(outcome !== 'finished' ||
    approval !== undefined ||
    !(isCovered || isFinal), `step ${step} was executed without votes`);
};

/** By the committee that it names: a run hears of a hand-over after another has recorded it. Certified is by the present one alone. */
export const approvalAsked: Check<'approval.asked'> = (context, { run, step, subject, class: kind }, record) => {
  const request = documentOf(context, record, 'request', parseVoteRequest);
  const { plan } = runOf(context, run);
  require(subjectDigest(request.subject) === subject, 'its request is another one');
  require(request.subject.run === run &&
    request.subject.step === step &&
    request.subject.class === kind, 'its request is about another step');
  const authority = passedBy(context, request.subject.committee) ?? context.authority;
  accepted(judgeRequest(request, authority, secondsOf(record)));
  accepted(judgePlan(request, plan));
  const { committee } = authority;
  context.asked.set(subject, { run, step, covers: request.covers, committee, votes: new Map(), certified: false });
};

export const voteCounted: Check<'vote.counted'> = (context, { subject, voter, choice }, record) => {
  const asked = context.asked.get(subject);
  require(asked !== undefined, 'nobody asked for this vote');
  require(seatOf(asked.committee, voter) !== undefined && record.by === voter, 'its voter has no seat');
  require(!asked.votes.has(voter), 'this vote is counted already');
  asked.votes.set(voter, choice);
};

/** The votes are judged again from their signatures, and they are those that the records counted. */
export const approvalCertified: Check<'approval.certified'> = (context, { run, step, subject }, record) => {
  const asked = context.asked.get(subject);
  require(asked?.run === run && asked.step === step, 'nobody asked for these votes');
  const proof = documentOf(context, record, 'proof', parseProof);
  require(subjectDigest(proof.certificate.subject) === subject, 'its votes are about something else');
  const { plan, digest } = runOf(context, run);
  const { class: kind, quorum } = approvalStep(plan, step).approval;
  accepted(
    judgeVotes(
      proof,
      { playbook: digest, run, step, class: kind as ActionClass, ...(quorum === undefined ? {} : { quorum }) },
      context.authority,
      secondsOf(record),
    ),
  );
  const { ballots } = proof.certificate;
  require(ballots.length === asked.votes.size &&
    ballots.every(
      ({ voter, choice }) => asked.votes.get(voter) === choice,
    ), 'its votes are not those that were counted');
  asked.certified = true;
};

function approvalStep(plan: Plan, step: string): ApprovalStep {
  const found = everyStep(plan.steps).find((each): each is ApprovalStep => each.id === step && 'approval' in each);
  require(found !== undefined, `the plan asks for no approval at step ${step}`);
  return found;
}

/** Values that did not fit into the record are a document of it. */
export const valuesKept =
  (what: 'answers') =>
  (_context: Context, { values }: { readonly values?: unknown }, record: AuditRecord): void =>
    require(values !== undefined || namedBy(record, what).length === 1, `its ${what} are missing`);
