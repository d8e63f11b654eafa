import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { PlanToRun } from '../../activities/playbook/opening.ts';
import type { VoteRequest } from '../../domain/approval/request.ts';
import type { Choice, SignedVote } from '../../domain/approval/vote.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import type { OrderKind, SignedOrder } from '../../domain/committee/order.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { SignedCommand } from '../../domain/incident/command.ts';
import type { FormField, Role, Severity } from '../../domain/playbook/plan.ts';
import type { PlanValue } from '../../domain/playbook/value.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE, RUN_TASK_TIMEOUT } from '../settings.ts';

/** Workflow type: one run of one compiled plan, pinned by its digest from the first event to the last. */
export const RUN_PLAYBOOK = 'runPlaybook';

/** What conditions read as `alert`; text of the outside, used as data only. */
export type AlertFacts = {
  readonly name: string;
  readonly severity: string;
  readonly network: string;
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
};
/** What conditions read as `incident`. */
export type IncidentFacts = { readonly id: string; readonly severity: Severity; readonly network: string };

export type RunPlaybookInput = PlanToRun & {
  /** Committees after the pinned one, oldest first. */
  readonly epochs?: readonly SignedEpoch[];
  /** Signed orders that steps may hand to validators; more can follow (`handOrder`). */
  readonly orders?: readonly SignedOrder[];
  readonly incident: IncidentFacts;
  readonly alert?: AlertFacts;
  /** A step of another run: it ends without waiting for people when it fails, and its outcome is that step's. */
  readonly within?: { readonly run: string; readonly step: string };
};

export type RunPlaybookPhase =
  | 'opening'
  | 'running'
  | 'approval'
  | 'task'
  | 'order'
  | 'undoing'
  | 'halted'
  | 'done'
  | 'failed';

/** A finished step that has not been undone; without arguments they could not be computed, and a person must look. */
export type UndoEntry = {
  readonly step: string;
  readonly action: string;
  readonly arguments?: Readonly<Record<string, PlanValue>>;
  /** Why undoing it failed the last time. */
  readonly refusal?: Refusal;
};

export type RunPlaybookResult =
  | {
      readonly outcome: 'done';
      /** Word of the `end` step, or `completed`. */
      readonly end: string;
      /** What a surrounding run undoes if it fails later, or a branch left behind; newest last. */
      readonly undoable: readonly UndoEntry[];
    }
  | {
      readonly outcome: 'failed';
      readonly refusal: Refusal;
      /** Steps whose effect was taken back, in that order. */
      readonly undone: readonly string[];
      /** What still stands. */
      readonly left: readonly UndoEntry[];
    };

/** What a person can be asked for now. */
export type OpenTask = {
  readonly step: string;
  readonly role: Role;
  readonly instruction: string;
  readonly form: Readonly<Record<string, FormField>>;
  readonly untilMs: number;
};
export type OpenOrder = {
  readonly step: string;
  readonly kind: OrderKind;
  readonly above: number;
  readonly untilMs: number;
};
export type OpenApproval = {
  readonly request: VoteRequest;
  readonly question: string;
  readonly have: number;
  readonly need: number;
  /** Who has voted, and how; workers of older builds do not say. */
  readonly votes?: readonly { readonly name: string; readonly choice: Choice }[];
  readonly silent: readonly string[];
  readonly untilMs: number;
};

/** The whole run at one glance, for the command line and other readers. */
export type RunView = {
  readonly name: string;
  readonly playbook: Digest;
  /** What votes call this run. */
  readonly run: string;
  readonly phase: RunPlaybookPhase;
  /** Steps that are being executed now, with the time at which each began. */
  readonly now: readonly {
    readonly step: string;
    readonly sinceMs: number;
    /** Workflow that the step waits for; a sub-playbook has votes and forms of its own there. */
    readonly child?: string;
  }[];
  readonly finished: readonly string[];
  readonly approvals: readonly OpenApproval[];
  readonly tasks: readonly OpenTask[];
  /** A step waits for the order, or validators are to be handed it and nothing waits. */
  readonly orders: readonly (OpenOrder & { readonly isWaitedFor: boolean })[];
  /** Epoch of the committee that is asked; workers of older builds do not say. */
  readonly committeeEpoch?: number;
  readonly undoable: readonly UndoEntry[];
  /** Of a halted run: the steps from which it can be resumed. Workers of older builds do not say. */
  readonly resumable?: readonly string[];
  readonly refusal?: Refusal;
};
export const runViewQuery = defineQuery<RunView>('runView');

export type VoteReceipt = { readonly have: number; readonly need: number };
/** A member's signed answer. Refused without an event unless it is the member's own, about what is asked now, and the first. */
export const castVote = defineUpdate<VoteReceipt, [SignedVote]>('castVote');
/** A signed order for the step that waits for one. Refused unless validators would obey it. */
export const handOrder = defineUpdate<{ readonly number: number }, [SignedOrder]>('handOrder');
/** The next committee. Open approvals are asked anew: votes of the one before say nothing any more. */
export const handOver = defineUpdate<{ readonly epoch: number }, [SignedEpoch]>('handOver');
export type TaskAnswer = {
  readonly step: string;
  /** Who answers, in their own words. */
  readonly by: string;
  readonly answers: Readonly<Record<string, PlanValue>>;
};
export const answerTask = defineUpdate<{ readonly step: string }, [TaskAnswer]>('answerTask');
export type Told = { readonly by: string; readonly reason: string };
/** Ends what runs now and leaves the world as it is; what cannot be interrupted is finished first. */
export const stopRun = defineUpdate<{ readonly phase: RunPlaybookPhase }, [Told]>('stopRun');
/**
 * A member's signed command: `undo` stops if need be and takes back what finished steps did, newest first; `resume` lets a halted run go
 * on from a step. Refused without an event unless it is signed for exactly this run, now, and newer than the one before.
 */
export const commandRun = defineUpdate<{ readonly phase: RunPlaybookPhase }, [SignedCommand]>('commandRun');
/** How runs were told to undo before commands were signed. It is always refused; runs that took it still replay. */
export const undoRun = defineUpdate<{ readonly phase: RunPlaybookPhase }, [Told]>('undoRun');
/** Ends a halted run as it stands. */
export const closeRun = defineUpdate<{ readonly phase: RunPlaybookPhase }, [Told]>('closeRun');

export const runPlaybookId = (network: string, key: string): string => `runPlaybook/${network}/${key}`;
/** The workflow that a run's name in votes belongs to. */
export const workflowOfRun = (run: string): string => run.slice(0, run.lastIndexOf('/'));

/** `client.workflow.start(RUN_PLAYBOOK, startRunPlaybook(input, key))`; the key tells runs of a network apart. */
export const startRunPlaybook = (
  input: RunPlaybookInput,
  key: string,
  taskQueue: string = DEFAULT_TASK_QUEUE,
): StartOptions<RunPlaybookInput> => ({
  ...startOptions({
    workflowId: runPlaybookId(input.network, key),
    taskQueue,
    input,
    network: input.network,
    phase: 'opening' satisfies RunPlaybookPhase,
    severity: input.incident.severity,
    playbook: input.name,
    summary: `${input.incident.severity} ${input.name} on ${input.network}`,
    details: `Executes plan ${input.playbook}. Editing the playbook changes nothing here.`,
  }),
  workflowTaskTimeout: RUN_TASK_TIMEOUT,
});
