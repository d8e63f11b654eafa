import { condition, patched, sleep } from '@temporalio/workflow';
import { coversOf } from '../../domain/approval/asking.ts';
import { type Tally, tally } from '../../domain/approval/certificate.ts';
import { coveredDigest, type CoveredStep } from '../../domain/approval/covered.ts';
import { subjectDigest, VOTE_SECONDS_MAX, type VoteSubject } from '../../domain/approval/vote.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { accept, type Refusal, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import type { ApprovalStep, TaskStep, WaitStep } from '../../domain/playbook/plan.ts';
import { resolveArgument } from '../../domain/playbook/resolve.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { follow, followValidators } from './following.ts';
import { record } from './recording.ts';
import {
  attempting,
  changed,
  effectKey,
  holds,
  inFlight,
  leftMs,
  markOf,
  type Results,
  type Run,
  timedOut,
  valuesOf,
} from './run.ts';
import { type Frame, keyOf, type Round } from './state.ts';

/** Waits for a time, or until a condition over the run holds. */
export async function wait(run: Run, step: WaitStep, frame: Frame): Promise<Verdict<Results>> {
  const mark = markOf(run, step, frame);
  if ('forMs' in step.wait) {
    const toGoMs = mark.atMs + step.wait.forMs - Date.now();
    if (toGoMs > 0) await sleep(toGoMs, { summary: step.summary.slice(0, 200) });
    return accept({});
  }
  const { until } = step.wait;
  for (;;) {
    const held = holds(run, until, frame);
    if (!held.ok) return held;
    if (held.value) return accept({});
    const { version } = run.state;
    const moved = await condition(() => run.state.version !== version, leftMs(step, mark), {
      summary: step.summary.slice(0, 200),
    });
    if (!moved) return { ok: false, refusal: timedOut(step) };
  }
}

/** A person fills in a form; the answers are the step's results. */
export async function task(run: Run, step: TaskStep, frame: Frame): Promise<Verdict<Results>> {
  const mark = markOf(run, step, frame);
  const key = keyOf(step.id, frame);
  const instruction = attempting(() => String(resolveArgument(step.task.instruction, valuesOf(run, frame))));
  if (!instruction.ok) return instruction;
  const { role, form } = step.task;
  record(run, 'task.asked', { run: run.name, step: step.id, role });
  run.state.tasks[key] = { step: key, role, form, instruction: instruction.value, untilMs: mark.atMs + step.timeoutMs };
  run.show();
  try {
    await condition(() => run.state.answers[key] !== undefined, leftMs(step, mark), {
      summary: step.summary.slice(0, 200),
    });
  } finally {
    // With the form that closes, so that the incident is told both at once.
    if (run.state.answers[key] !== undefined) run.state.isAnswered = true;
    delete run.state.tasks[key];
    run.show();
  }
  const answers = run.state.answers[key];
  return answers === undefined ? { ok: false, refusal: timedOut(step) } : accept(answers);
}

/**
 * Waits until a quorum has signed exactly what the covered steps will do. Whenever that changes, or the committee does, the votes are
 * void and it is asked anew. Silence escalates and never approves.
 */
export async function approval(run: Run, step: ApprovalStep, frame: Frame): Promise<Verdict<Results>> {
  const key = keyOf(step.id, frame);
  const mark = markOf(run, step, frame);
  try {
    for (;;) {
      const asked = ask(run, step, frame);
      if (!asked.ok) return asked;
      const round = asked.value;
      const standing = tallyOf(run, round);
      if (standing.outcome === 'approved') {
        const certified = await certify(run, step, round, frame);
        if (certified !== 'asked anew') return certified;
        continue;
      }
      const no = refusalOf(step, standing, round.untilMs <= Date.now());
      if (no !== undefined) {
        if (isSigned(standing) && (await isOfFormer(run, round))) continue;
        const subject = subjectDigest(round.subject);
        record(run, 'approval.refused', { run: run.name, step: step.id, subject, code: no.code });
        return { ok: false, refusal: no };
      }
      const { version } = run.state;
      let counted = round.ballots.length;
      /** One timer for the whole wait: a vote that decides nothing starts no other. */
      const decided = (): boolean => {
        if (round.ballots.length === counted) return false;
        counted = round.ballots.length;
        return tallyOf(run, round).outcome !== 'open';
      };
      const escalateMs = nextEscalation(step, mark);
      const pauseMs = Math.max(1, Math.min(round.untilMs - Date.now(), escalateMs ?? Number.POSITIVE_INFINITY));
      const moved = await condition(() => run.state.version !== version || decided(), pauseMs, {
        summary: (pauseMs === escalateMs ? `Escalate ${step.id}` : `The time to vote on ${step.id} ends`).slice(0, 200),
      });
      if (!moved && pauseMs === escalateMs) {
        mark.tries = 1;
        run.show();
        void escalate(run, step, frame, tallyOf(run, round));
      }
    }
  } finally {
    delete run.state.rounds[key];
    run.show();
  }
}

export const tallyOf = (run: Run, { subject, ballots, quorum }: Round): Tally =>
  tally(subject, ballots, run.authority, Math.floor(Date.now() / 1_000), quorum);

const nextEscalation = (
  { approval: { escalate } }: ApprovalStep,
  mark: { readonly atMs: number; readonly tries?: number },
) =>
  escalate === undefined || mark.tries !== undefined
    ? undefined
    : Math.max(1, mark.atMs + escalate.afterMs - Date.now());

/** The round that is open, or a new one if there is none or the one that is open asks for something else than would be done now. */
function ask(run: Run, step: ApprovalStep, frame: Frame): Verdict<Round> {
  const key = keyOf(step.id, frame);
  const values = valuesOf(run, frame);
  const covers = attempting(() => coversOf(run.plan, step, values));
  if (!covers.ok) return covers;
  const open = run.state.rounds[key];
  const committee = committeeDigest(run.authority.committee);
  if (
    open !== undefined &&
    open.subject.arguments === coveredDigest(covers.value) &&
    open.subject.committee === committee
  )
    return accept(open);
  const question = attempting(() => String(resolveArgument(step.approval.question, values)));
  if (!question.ok) return question;
  const mark = markOf(run, step, frame);
  const untilMs = mark.atMs + step.timeoutMs;
  const round: Round = {
    subject: subjectOf(run, step, covers.value, untilMs),
    covers: covers.value,
    question: question.value,
    quorum: step.approval.quorum ?? 0,
    untilMs,
    ballots: [],
  };
  run.state.rounds[key] = round;
  record(
    run,
    'approval.asked',
    {
      run: run.name,
      step: step.id,
      subject: subjectDigest(round.subject),
      class: step.approval.class,
      need: tallyOf(run, round).need,
    },
    { enclosed: [{ what: 'request', value: { version: 1, subject: round.subject, covers: round.covers } }] },
  );
  run.show();
  return accept(round);
}

/** The certificate has to live until the last covered step has been executed, and no longer. */
function subjectOf(run: Run, step: ApprovalStep, covers: readonly CoveredStep[], untilMs: number): VoteSubject {
  const { environment, network, committee } = run.authority;
  const steps = everyStep(run.plan.steps);
  const workMs = covers.reduce((sum, { step: id }) => sum + (steps.find((each) => each.id === id)?.timeoutMs ?? 0), 0);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  return {
    version: 1,
    environment,
    network,
    playbook: run.input.playbook,
    run: run.name,
    step: step.id,
    arguments: coveredDigest(covers),
    class: step.approval.class,
    committeeEpoch: committee.epoch,
    committee: committeeDigest(committee),
    expiresAtSeconds: Math.min(Math.ceil((untilMs + workMs) / 1_000), nowSeconds + VOTE_SECONDS_MAX),
  };
}

function refusalOf(step: ApprovalStep, standing: Tally, over: boolean): Refusal | undefined {
  const { outcome, approved, need, rejected, pushedBack, silent } = standing;
  const counted = `${approved.length} of ${need} needed seats approved`;
  if (outcome === 'rejected')
    return { code: 'policy.approval-rejected', message: `${step.id}: ${counted}; no: ${rejected.join(', ')}` };
  if (outcome === 'pushed-back') {
    const words = pushedBack.map(({ name, comment }) => `${name}: ${comment}`).join('; ');
    return { code: 'policy.approval-pushed-back', message: `${step.id}: ${counted}; ${words}`.slice(0, 800) };
  }
  if (!over && outcome !== 'lapsed') return undefined;
  return {
    code: 'policy.approval-lapsed',
    message: `${step.id}: ${counted} in time; silent: ${silent.join(', ')}`.slice(0, 800),
  };
}

/**
 * The quorum is there: the certificate is judged once more outside of the workflow, and kept for whoever executes. Where validators follow
 * another committee by now, its votes are void.
 */
async function certify(
  run: Run,
  step: ApprovalStep,
  round: Round,
  frame: Frame,
): Promise<Verdict<Results> | 'asked anew'> {
  const { subject, covers, ballots } = round;
  const proof = { certificate: { version: 1 as const, subject, ballots: [...ballots] }, covers };
  await run.room();
  const judged = await verdictOf(
    inFlight(
      run,
      effects.judgeApproval.executeWithOptions(named(`Check the votes on ${step.id} once more`), [
        {
          proof,
          epochs: run.state.epochs,
          expected: {
            playbook: run.input.playbook,
            run: run.name,
            step: step.id,
            class: step.approval.class,
            quorum: round.quorum,
          },
        },
      ]),
    ),
  );
  if (!judged.ok) return judged;
  const { later = [] } = judged.value;
  follow(run, later);
  const isFormer = subject.committee !== committeeDigest(run.authority.committee);
  // Runs of older builds went on with the votes when they were told of a hand-over at this moment; their executor refused them.
  if (isFormer && (later.length > 0 || patched('votes-end-with-their-committee'))) return 'asked anew';
  if (later.length > 0)
    return refuse('policy.vote-epoch', 'validators follow a later committee than the run, which takes no more');
  for (const { step: id } of covers) run.state.proofs[keyOf(id, frame)] = proof;
  record(
    run,
    'approval.certified',
    { run: run.name, step: step.id, subject: subjectDigest(subject) },
    { enclosed: [{ what: 'proof', value: proof }] },
  );
  changed(run);
  return accept({});
}

/** Members said it, and not the time. */
const isSigned = ({ outcome }: Tally): boolean => outcome === 'rejected' || outcome === 'pushed-back';

/** Whether validators follow another committee by now: a no of the one before is as void as its yes. */
async function isOfFormer(run: Run, { subject }: Round): Promise<boolean> {
  // Runs of older builds went by the committee that they had been told of.
  if (!patched('refusals-end-with-their-committee')) return false;
  await run.room();
  await inFlight(run, followValidators(run));
  return subject.committee !== committeeDigest(run.authority.committee);
}

/** Nobody waits for it: whether or not it reaches somebody, the vote goes on. */
async function escalate(run: Run, step: ApprovalStep, frame: Frame, { approved, need, silent }: Tally): Promise<void> {
  const { escalate: to } = step.approval;
  if (to === undefined) return;
  const message = `${step.summary}: ${approved.length} of ${need} seats have approved; silent: ${silent.join(', ')}`;
  await verdictOf(
    inFlight(
      run,
      effects.notifyPeople.executeWithOptions(
        { ...named(`Escalate ${step.id}`, 60), scheduleToCloseTimeout: '2 minutes' },
        [
          {
            channels: to.channels,
            message: message.slice(0, 2_000),
            key: `${effectKey(run, step.id, frame)}/escalation`,
            seconds: 60,
            severity: run.input.incident.severity,
          },
        ],
      ),
    ),
  ).catch(() => undefined);
}
