import { defineQuery } from '@temporalio/workflow';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { Role } from '../../domain/playbook/plan.ts';

/** Who must act next. `nobody`: the process goes on by itself or is over. */
export type AwaitingRole =
  | 'nobody'
  | 'validators'
  | 'depositor'
  | 'chain'
  | 'operator'
  | 'release-key-holder'
  | 'committee'
  | Role;

/** What every process answers to the query `progress`; the same facts stand in its current details and search attributes. */
export type Progress<Phase extends string = string> = {
  readonly phase: Phase;
  readonly awaitingRole: AwaitingRole;
  /** A sentence that names who must act next. */
  readonly next: string;
  /** A sentence that says what happens until they do. */
  readonly meanwhile: string;
  readonly have: number;
  readonly need: number;
  /** Validators that have not answered this phase. */
  readonly missing: readonly ValidatorId[];
  /** Whole percent of the process. */
  readonly percent: number;
  /** Unix milliseconds of the last change, by the workflow's clock. */
  readonly changedAtMs: number;
};

/** One name for all processes, so that `status` can ask any of them. */
export const progressQuery = defineQuery<Progress>('progress');
