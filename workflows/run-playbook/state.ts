import type { Proof } from '../../domain/approval/execution.ts';
import type { CoveredStep } from '../../domain/approval/covered.ts';
import type { Ballot, VoteSubject } from '../../domain/approval/vote.ts';
import type { AuditEntry } from '../../domain/audit/record.ts';
import type { SignedOrder } from '../../domain/committee/order.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { Values } from '../../domain/playbook/resolve.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { PlanValue } from '../../domain/playbook/value.ts';
import type { AlertFacts, IncidentFacts, OpenOrder, OpenTask, UndoEntry } from './messages.ts';

/** How far one execution of a step has come; what is here is not done again after the run continued as new. */
export type Mark = {
  /** Unix milliseconds at which it began. */
  atMs: number;
  done?: 'finished' | 'skipped' | 'failed';
  /** Tries of an effect that have failed. */
  tries?: number;
  /** Index of the chosen case of a switch; one behind the last is `otherwise`. */
  chosen?: number;
  /** Round of a loop, from 1. */
  round?: number;
  /** A pause that is not over. */
  untilMs?: number;
  /** Workflow that it has started and waits for. */
  child?: string;
  /** Items of a loop, looked up once. */
  items?: readonly PlanValue[];
  /** Since when a probe has held. */
  heldSinceMs?: number;
  /** Why the last try failed, or a branch of a parallel step while others go on. */
  refusal?: Refusal;
};

export type Round = {
  readonly subject: VoteSubject;
  readonly covers: readonly CoveredStep[];
  readonly question: string;
  readonly quorum: number;
  /** Members may answer until then; the certificate lives as long as what it covers may take. */
  readonly untilMs: number;
  ballots: Ballot[];
};

/** Where an undo entry belongs: a branch that lost a join is undone alone. */
export type Undoable = UndoEntry & { readonly key: string };

/** All that a run remembers; plain JSON, handed on when the run continues as new. */
export type RunState = {
  vars: Record<string, PlanValue>;
  /** By execution key. */
  results: Record<string, Readonly<Record<string, PlanValue>>>;
  marks: Record<string, Mark>;
  undo: Undoable[];
  undone: string[];
  /** Approvals that are asked, by execution key. */
  rounds: Record<string, Round>;
  /** By execution key of the covered step. */
  proofs: Record<string, Proof>;
  /** Certificates of the keys that steps have made. */
  made?: BlobRef[];
  tasks: Record<string, OpenTask>;
  answers: Record<string, Readonly<Record<string, PlanValue>>>;
  /** A form has been answered, whatever a later round forgets. */
  isAnswered?: boolean;
  wanted: Record<string, OpenOrder>;
  /** Orders that the committee was asked for and that no step waits for; by execution key. */
  asked?: Record<string, OpenOrder>;
  orders: SignedOrder[];
  /** What validators said last of a freeze (0: there is none), and how many orders the run had been handed by then. */
  frozen?: { readonly untilMs: number; readonly behind: number };
  epochs: SignedEpoch[];
  /** When validators were last asked which committee they follow. */
  lookedAtMs?: number;
  /** What the incident has not been told for its records yet. */
  unsent?: AuditEntry[];
  /** Grows with every change that an open approval or wait may depend on. */
  version: number;
  refusal?: Refusal;
  /** What people asked for. */
  told?: 'stop' | 'undo' | 'close' | 'resume';
  /** Who asked for it and why, in one sentence. */
  toldWords?: string;
  /** Number of the newest signed command that was obeyed. */
  commandNumber?: number;
  /** The step from which a halted run is to go on: its place in the plan. */
  resumeAt?: number;
};

export const freshState = (
  vars: Record<string, PlanValue>,
  orders: readonly SignedOrder[],
  epochs: readonly SignedEpoch[],
): RunState => ({
  vars,
  results: {},
  marks: {},
  undo: [],
  undone: [],
  rounds: {},
  proofs: {},
  tasks: {},
  answers: {},
  wanted: {},
  orders: [...orders],
  epochs: [...epochs],
  version: 0,
});

/** Where a list of steps is executed: inside which iterations and branches. */
export type Frame = {
  /** `[2][0]`: items of the loops around, in order; part of every execution key. */
  readonly suffix: string;
  /** `#3`: rounds of the loops around; with the key, the name of one effect for ever. */
  readonly rounds: string;
  readonly items: Readonly<Record<string, PlanValue>>;
};
export const OUTERMOST: Frame = { suffix: '', rounds: '', items: {} };

/** One execution of a step: its id and the loop items around it. */
export const keyOf = (id: string, { suffix }: Frame): string => `${id}${suffix}`;
export const stepOfKey = (key: string): string => key.replace(/\[.*$/, '');

/** What expressions at this place may read; results of the nearest iteration hide those further out. */
export function valuesAt(
  state: RunState,
  fixed: { readonly inputs: Values; readonly incident: IncidentFacts; readonly alert?: AlertFacts },
  frame: Frame,
  more: Values = {},
): Values {
  const steps: Record<string, Readonly<Record<string, PlanValue>>> = {};
  const depth: Record<string, number> = {};
  for (const [key, results] of Object.entries(state.results)) {
    const id = stepOfKey(key);
    const suffix = key.slice(id.length);
    if (!frame.suffix.startsWith(suffix) || suffix.length < (depth[id] ?? 0)) continue;
    steps[id] = results;
    depth[id] = suffix.length;
  }
  return { ...fixed, vars: state.vars, steps, ...frame.items, ...more };
}

/** Forgets how far the steps inside of a loop came, before its next round. */
export function clearRound(state: RunState, ids: ReadonlySet<string>, { suffix }: Frame): void {
  for (const record of [state.marks, state.proofs, state.answers]) {
    for (const key of Object.keys(record)) {
      const id = stepOfKey(key);
      // A branch is called `step/branch`.
      if (ids.has(id.split('/')[0] ?? id) && key.slice(id.length).startsWith(suffix)) delete record[key];
    }
  }
}
