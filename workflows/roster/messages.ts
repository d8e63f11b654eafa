import { defineUpdate } from '@temporalio/workflow';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { PauseCommand, Pauses } from '../../domain/network/pauses.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';

/** Workflow type: whom one network leaves out of new ceremonies. It runs as long as the network. */
export const ROSTER = 'roster';

export type RosterInput = {
  readonly network: string;
  /** Of earlier executions of this run. */
  readonly carried?: Pauses;
};

/** The time is the workflow's own. */
export type RosterCommand =
  | Omit<Extract<PauseCommand, { readonly do: 'pause' }>, 'atMs'>
  | Extract<PauseCommand, { readonly do: 'resume' }>;

/** Accepted is done; a repeat of the same effect is accepted and changes nothing. */
export const commandRoster = defineUpdate<{ readonly held: number }, [RosterCommand]>('commandRoster');

/** Stands in the list of executions itself, so that it is read with every worker dead. */
export type RosterMemo = {
  readonly paused: readonly {
    readonly validator: ValidatorId;
    readonly reason: string;
    readonly sinceMs: number;
  }[];
};

export const rosterId = (network: string): string => `roster/${network}`;

/** For `updateWithStart`: the first command starts the run, every further one joins it. */
export const startRoster = (input: RosterInput, taskQueue: string = DEFAULT_TASK_QUEUE): StartOptions<RosterInput> =>
  startOptions({
    workflowId: rosterId(input.network),
    taskQueue,
    input,
    network: input.network,
    phase: 'everyone' satisfies RosterPhase,
    summary: `Whom ${input.network} leaves out of new ceremonies`,
    details:
      'Playbooks pause and resume validators here. A paused validator is asked last, when the others are too few; validators know nothing of it.',
  });

/** Whether somebody is paused. */
export type RosterPhase = 'everyone' | 'some-paused';
