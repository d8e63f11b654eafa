import { patched, setHandler } from '@temporalio/workflow';
import { inertText } from '../../domain/alert/text.ts';
import { subjectDigest, judgeVote, type SignedVote } from '../../domain/approval/vote.ts';
import { seatOf } from '../../domain/committee/committee.ts';
import { EPOCHS_FOLLOWED_MAX, judgeEpoch, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { provenOrder } from '../../domain/committee/order.ts';
import { refuse, type Verdict } from '../../domain/errors/failure.ts';
import { judgeCommand, type SignedCommand } from '../../domain/incident/command.ts';
import { judgeAnswers } from '../../domain/playbook/form.ts';
import { judgeLook } from '../lib/following.ts';
import { followCommittee } from '../lib/messages.ts';
import { toTemporal } from '../lib/refusal.ts';
import { demand as demandOf } from '../lib/refused.ts';
import { takeUpdate } from '../lib/updates.ts';
import { follow, followValidators } from './following.ts';
import { judgeHanded } from './handed.ts';
import {
  answerTask,
  castVote,
  closeRun,
  commandRun,
  handOrder,
  handOver,
  type RunPlaybookPhase,
  runViewQuery,
  stopRun,
  type TaskAnswer,
  type Told,
  undoRun,
} from './messages.ts';
import { viewOf } from './page.ts';
import { tallyOf } from './people.ts';
import { judgeResume } from './resume.ts';
import { record, recordCommand, recordOrder, recordTold, valuesSaid } from './recording.ts';
import { changed, inFlight, type Run } from './run.ts';
import type { Round } from './state.ts';

const TEXT_MAX = 500;

/** While it is taken in no other execution carries the run on: what was accepted would be lost. */
const whileInFlight =
  (run: Run) =>
  <T>(work: Promise<T>): Promise<T> =>
    inFlight(run, work);

/** Everything that people can send to a run. What is refused is refused before it becomes an event. */
export function takeMessages(run: Run, phase: () => RunPlaybookPhase): void {
  const { state } = run;
  setHandler(runViewQuery, () => viewOf(run, phase()), {
    description: 'Where the run stands, what is asked of whom, and what can be undone.',
  });
  takeUpdate(
    castVote,
    ({ subject, ballot: { voter, choice, comment, signature } }) => {
      const round = roundOf(run, subject) as Round;
      // Only the fields that were judged are kept.
      round.ballots.push({ voter, choice, signature, ...(comment === undefined ? {} : { comment }) });
      const { step } = subject;
      record(
        run,
        'vote.counted',
        { run: run.name, step, subject: subjectDigest(subject), voter, choice },
        { by: voter },
      );
      run.show();
      const { approved, need } = tallyOf(run, round);
      return { have: approved.length, need };
    },
    {
      description: "A member's signed answer to an approval that is open.",
      during: whileInFlight(run),
      validator: (vote) => demand('castVote', () => judgeCast(run, vote)),
    },
  );
  takeUpdate(
    handOrder,
    (handed) => {
      const signed = provenOrder(handed, run.authority.committee);
      state.orders.push(signed);
      recordOrder(run, signed);
      changed(run);
      return { number: signed.order.number };
    },
    {
      description: 'A signed order of the committee, for the step that waits for one.',
      during: whileInFlight(run),
      validator: (signed) => demand('handOrder', () => judgeHanded(run, signed, Math.floor(Date.now() / 1_000))),
    },
  );
  takeUpdate(
    handOver,
    (signed) => {
      const next = judgeNext(run, signed);
      if (!next.ok) throw toTemporal(next.refusal);
      follow(run, [signed]);
      return { epoch: run.authority.committee.epoch };
    },
    {
      description: 'The committee that follows the present one; open approvals are asked anew.',
      during: whileInFlight(run),
      validator: (signed) => demand('handOver', () => judgeNext(run, signed)),
    },
  );
  takeUpdate(
    followCommittee,
    async () => {
      await inFlight(run, followValidators(run));
      return { epoch: run.authority.committee.epoch };
    },
    {
      description: 'Asks validators which committee they follow; of another one open approvals are asked anew.',
      during: whileInFlight(run),
      validator: () => demand('followCommittee', () => judgeLook(state.lookedAtMs)),
    },
  );
  takeUpdate(
    answerTask,
    ({ step, by, answers }) => {
      const judged = judgeAnswers(state.tasks[step]?.form ?? {}, answers);
      if (!judged.ok) throw toTemporal(judged.refusal);
      state.answers[step] = judged.value;
      const { values, enclosed } = valuesSaid('answers', judged.value);
      const said = { run: run.name, step, ...(values === undefined ? {} : { values }) };
      record(run, 'task.answered', said, { by, ...(enclosed === undefined ? {} : { enclosed }) });
      changed(run);
      return { step };
    },
    {
      description: 'The filled-in form of a task that is open.',
      during: whileInFlight(run),
      validator: (answer) => demand('answerTask', () => judgeAnswer(run, answer)),
    },
  );
  takeDecisions(run, phase);
}

function takeDecisions(run: Run, phase: () => RunPlaybookPhase): void {
  const decisions = [
    ['stop', stopRun, 'Ends what runs now; the world stays as it is.', (now: RunPlaybookPhase) => isGoing(now)],
    [
      'close',
      closeRun,
      'Ends a halted run as it stands.',
      (now: RunPlaybookPhase) => now === 'halted' || now === 'undoing',
    ],
  ] as const;
  takeCommands(run, phase);
  for (const [what, update, description, fits] of decisions) {
    takeUpdate(
      update,
      (told) => {
        run.state.told = what;
        run.state.toldWords = saidBy(what, told.by, told.reason);
        recordTold(run, what, told);
        changed(run);
        return { phase: phase() };
      },
      {
        description,
        during: whileInFlight(run),
        validator: (told) =>
          demand(what, () =>
            !isTold(told)
              ? refuse('input.task-answer', 'say who asks for it and why')
              : fits(phase())
                ? { ok: true, value: undefined }
                : refuse('conflict.run-phase', `the run is ${phase()}`),
          ),
      },
    );
  }
}

/** What takes back what was done, or passes over what failed, is signed: a click in the engine's own page cannot do it. */
function takeCommands(run: Run, phase: () => RunPlaybookPhase): void {
  const { state } = run;
  takeUpdate(commandRun, (signed) => inFlight(run, obey(run, signed, phase)), {
    description: "A member's signed command: undo, or resume from a step.",
    during: whileInFlight(run),
    validator: (signed) => demand('commandRun', () => judgeCommanded(run, signed, phase())),
  });
  setHandler(
    undoRun,
    (_told) => {
      // Only runs that took it before commands were signed come here, when they are replayed.
      state.told = 'undo';
      changed(run);
      return { phase: phase() };
    },
    {
      description: 'Refused: a member of the committee signs an undo.',
      validator: (_told) =>
        demand('undo', () => refuse('policy.command-unsigned', 'undo is signed: firebreak incident undo')),
    },
  );
}

/** By the committee that validators follow at this moment: one signature takes a response back. */
async function obey(
  run: Run,
  signed: SignedCommand,
  phase: () => RunPlaybookPhase,
): Promise<{ readonly phase: RunPlaybookPhase }> {
  const { state } = run;
  const { command } = signed;
  // Runs of older builds went by the committee that they had been told of.
  if (patched('commands-follow-validators')) {
    await followValidators(run);
    const judged = judgeCommanded(run, signed, phase());
    if (!judged.ok) throw toTemporal(judged.refusal);
  }
  recordCommand(run, signed);
  state.commandNumber = command.number;
  if (command.command === 'resume') {
    const at = judgeResume(run, command.arguments.step);
    if (!at.ok) throw toTemporal(at.refusal);
    state.resumeAt = at.value;
  }
  state.told = command.command === 'resume' ? 'resume' : 'undo';
  const { member } = signed.signature;
  const name = seatOf(run.authority.committee, member)?.key.name ?? member.slice(0, 8);
  state.toldWords = saidBy(state.told, name, command.arguments.reason);
  changed(run);
  return { phase: phase() };
}

const DID = { stop: 'stopped it', undo: 'takes it back', close: 'closed it', resume: 'resumed it' } as const;
const saidBy = (what: keyof typeof DID, by: string, reason: string): string =>
  `${inertText(by, 100)} ${DID[what]}: ${inertText(reason, 400)}`;

function judgeCommanded(run: Run, signed: SignedCommand, phase: RunPlaybookPhase): Verdict<unknown> {
  const { input, name, state, authority } = run;
  const here = { incident: input.incident.id, execution: name, lastNumber: state.commandNumber ?? 0 };
  const judged = judgeCommand(signed, here, authority, Date.now());
  if (!judged.ok) return judged;
  const { command } = signed;
  if (!isText(command.arguments.reason)) return refuse('input.incident-message', 'say why');
  switch (command.command) {
    case 'undo':
      return isGoing(phase) || phase === 'halted' ? judged : refuse('conflict.run-phase', `the run is ${phase}`);
    case 'resume':
      return phase === 'halted' && input.within === undefined
        ? judgeResume(run, command.arguments.step)
        : refuse('conflict.run-phase', `the run is ${phase}`);
    default:
      return refuse('conflict.run-phase', 'a run has no severity: tell its incident');
  }
}

const isGoing = (phase: RunPlaybookPhase): boolean =>
  ['opening', 'running', 'approval', 'task', 'order'].includes(phase);
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX && value.isWellFormed();
const isTold = (told: Told): boolean => isText(told.by) && isText(told.reason);

/** The open approval that a vote is about: exactly it, or the one of its step, so that the refusal says what differs. */
function roundOf({ state }: Run, subject: SignedVote['subject']): Round | undefined {
  const open = Object.values(state.rounds);
  const digest = subjectDigest(subject);
  return (
    open.find((round) => subjectDigest(round.subject) === digest) ??
    open.find((round) => round.subject.step === subject.step)
  );
}

function judgeCast(run: Run, vote: SignedVote): Verdict<unknown> {
  const round = roundOf(run, vote.subject) ?? Object.values(run.state.rounds)[0];
  if (round === undefined) return refuse('conflict.vote-closed', 'no approval is open in this run');
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const judged = judgeVote(vote, round.subject, round.ballots, run.authority, nowSeconds);
  if (!judged.ok) return judged;
  if (round.untilMs <= Date.now() || tallyOf(run, round).outcome !== 'open')
    return refuse('conflict.vote-closed', `the vote on ${round.subject.step} is decided`);
  return judged;
}

function judgeNext({ state, authority }: Run, signed: SignedEpoch): Verdict<unknown> {
  if (state.epochs.length >= EPOCHS_FOLLOWED_MAX)
    return refuse('input.epoch-chain', `a run takes at most ${EPOCHS_FOLLOWED_MAX} epochs`);
  return judgeEpoch(signed, authority);
}

function judgeAnswer({ state }: Run, { step, by, answers }: TaskAnswer): Verdict<unknown> {
  const task = Object.hasOwn(state.tasks, step) ? state.tasks[step] : undefined;
  if (task === undefined || Object.hasOwn(state.answers, step))
    return refuse('conflict.task-closed', `no form is open at step ${step}`);
  if (!isText(by)) return refuse('input.task-answer', 'say who answers');
  return judgeAnswers(task.form, answers);
}

const demand = (message: string, judge: () => Verdict<unknown>): void =>
  demandOf(message, judge, {
    code: 'input.document-field',
    message: 'the message has not the shape that it must have',
  });
