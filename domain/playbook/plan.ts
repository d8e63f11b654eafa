import type { ActionClass } from '../committee/committee.ts';
import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import type { PlanValue, ScalarType, ValueType } from './value.ts';

/**
 * What a playbook is compiled to, whatever it was written in. It is data: JSON with whole numbers, no positions, no comments. Its digest
 * names it in every record and vote, and one interpreter executes it by that name. An absent field means what the field's comment says.
 */
export type Plan = {
  readonly format: 1;
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly severity: Severity;
  readonly triggers: readonly Trigger[];
  readonly inputs: Readonly<Record<string, InputDeclaration>>;
  readonly variables: Readonly<Record<string, VariableDeclaration>>;
  /** Probed for as long as the run lasts. */
  readonly guards: readonly Guard[];
  /** `undo` runs the compensations of finished steps in reverse; `stop` leaves the world as it is and asks people. */
  readonly onFailure: OnFailure;
  readonly steps: readonly Step[];
};

export const SEVERITIES = ['SEV1', 'SEV2', 'SEV3', 'SEV4'] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Effect = 'none' | 'reversible' | 'irreversible';
/** Weakest first. */
export const EFFECTS: readonly Effect[] = ['none', 'reversible', 'irreversible'];
export type OnFailure = 'undo' | 'stop';

/** CEL over `inputs`, `vars`, `steps`, `alert`, `incident` and, where the field says so, `result` or the item of a loop. */
export type Expression = string;

/** A fixed value, a computed one, or a text with computed parts. */
export type Argument =
  | { readonly literal: PlanValue }
  | { readonly cel: Expression }
  | { readonly text: readonly (string | { readonly cel: Expression })[] };
export type Arguments = Readonly<Record<string, Argument>>;

/** An alert starts the playbook when every given line holds. Patterns are RE2 and match the whole label. */
export type Trigger = {
  readonly labels: Readonly<Record<string, { readonly equals: string } | { readonly matches: string }>>;
  /** Severity label of the alert; absent: any. */
  readonly severity?: readonly string[];
  /** Absent: any network that the alert's source may speak for. */
  readonly network?: readonly string[];
  /** Input → CEL over `alert`. */
  readonly inputs: Readonly<Record<string, Expression>>;
};

export type InputDeclaration = {
  readonly type: ValueType;
  readonly summary: string;
  /** Absent: the input is required. */
  readonly default?: PlanValue;
};
export type VariableDeclaration = { readonly type: ValueType; readonly initial?: PlanValue };

/** Milliseconds, or the input of type `duration` that says how many: how often is looked and for how long may be chosen for a run. */
export type Time = number | { readonly input: string };

export type Retry = { readonly attempts: number; readonly delayMs: number; readonly delayMsMax: number };

/** What every step has. Results are read as `steps.<id>.<result>` wherever the step has certainly been executed. */
type StepBase = {
  readonly id: string;
  readonly summary: string;
  /** Absent: always. */
  readonly when?: Expression;
  /** From the step's start to its end, retries included. */
  readonly timeoutMs: number;
  /** Variable → CEL, which may read `result`. */
  readonly set: Readonly<Record<string, Expression>>;
  /** `continue`: the run goes on without the step's results; `fail`: the plan's `onFailure` decides. */
  readonly onFailure: 'fail' | 'continue';
};

/** How a finished reversible step is undone. Its arguments may read `result` of the step. */
export type Compensation = { readonly action: string; readonly with: Arguments };
type Effectful = {
  readonly effect: Effect;
  readonly retry: Retry;
  /** Longest silence of one attempt; absent: no heartbeat is expected. */
  readonly heartbeatMs?: number;
  readonly compensate?: Compensation;
};

/** One effect through a port of a plug-in. */
export type ActionStep = StepBase & Effectful & { readonly action: string; readonly with: Arguments };
/** A named durable process, as a child of the run. */
export type WorkflowStep = StepBase & Effectful & { readonly workflow: string; readonly with: Arguments };
/** Another playbook, pinned by its digest. Its effect is the strongest of its steps; it asks for its own approvals and undoes its own steps. */
export type PlaybookStep = StepBase & {
  readonly playbook: string;
  readonly digest: Digest;
  readonly with: Arguments;
  readonly effect: Effect;
};

/** Waits until a quorum has signed the exact arguments of the covered steps. Rejection and expiry end the run; silence is no answer. */
export type ApprovalStep = StepBase & {
  readonly approval: {
    readonly class: ActionClass;
    readonly covers: readonly string[];
    /** What the members are asked, in plain words. */
    readonly question: Argument;
    /** Absent: the committee's threshold of the class. Never below it. */
    readonly quorum?: number;
    /** Who is told when nobody has answered for so long. */
    readonly escalate?: { readonly afterMs: number; readonly channels: readonly string[] };
  };
};

/** A person fills in a form; the answers are the step's results. */
export type TaskStep = StepBase & {
  readonly task: {
    readonly role: Role;
    readonly instruction: Argument;
    readonly form: Readonly<Record<string, FormField>>;
  };
};
export const ROLES = ['commander', 'operations', 'communications', 'scribe'] as const;
export type Role = (typeof ROLES)[number];
export type FormField = {
  readonly type: ScalarType;
  readonly label: string;
  /** Text only: the allowed answers. */
  readonly options?: readonly string[];
  /** Text only: RE2 that the whole answer must match. */
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** For a time, or until a condition over the incident holds; the step's timeout ends the latter as a failure. */
export type WaitStep = StepBase & { readonly wait: { readonly forMs: number } | { readonly until: Expression } };

export type ParallelStep = StepBase & {
  readonly parallel: {
    /** How many branches must succeed; the others are cancelled and undone as soon as they have. */
    readonly join: 'all' | 'any' | { readonly atLeast: number };
    readonly branches: Readonly<Record<string, readonly Step[]>>;
  };
};

/** The first case whose condition holds; without one, `otherwise`. */
export type SwitchStep = StepBase & {
  readonly switch: {
    readonly cases: readonly { readonly when: Expression; readonly steps: readonly Step[] }[];
    readonly otherwise: readonly Step[];
  };
};

/** The body at least once, then again until the condition holds; after `times` rounds without it the step fails. */
export type RepeatStep = StepBase & {
  readonly repeat: {
    readonly times: number;
    readonly until: Expression;
    readonly everyMs: Time;
    readonly steps: readonly Step[];
  };
};

/** The body for each item; more than `atMost` items fail the step before the first. */
export type ForEachStep = StepBase & {
  readonly forEach: {
    readonly in: Expression;
    readonly as: string;
    readonly atMost: number;
    readonly concurrency: number;
    readonly steps: readonly Step[];
  };
};

export type NotifyStep = StepBase & {
  readonly notify: {
    readonly channels: readonly string[];
    readonly message: Argument;
    /** How many channels that share no route must confirm delivery. */
    readonly confirm: number;
  };
  readonly retry: Retry;
};

/** Looks at the world and compares it with what is expected, once or for as long as `hold` says. */
export type ProbeStep = StepBase & {
  readonly probe: string;
  readonly with: Arguments;
  /** CEL over `result`; false fails the step. Absent: the look alone is the point. */
  readonly expect?: Expression;
  readonly hold?: { readonly forMs: Time; readonly everyMs: Time };
  readonly retry: Retry;
};

/** Ends the run here, successfully. */
export type EndStep = StepBase & { readonly end: { readonly outcome: string } };

export type Step =
  | ActionStep
  | WorkflowStep
  | PlaybookStep
  | ApprovalStep
  | TaskStep
  | WaitStep
  | ParallelStep
  | SwitchStep
  | RepeatStep
  | ForEachStep
  | NotifyStep
  | ProbeStep
  | EndStep;

/** A probe beside the run. `abort` fails the run when the expectation breaks, `page` tells people and goes on. */
export type Guard = {
  readonly id: string;
  readonly summary: string;
  readonly probe: string;
  readonly with: Arguments;
  readonly expect: Expression;
  readonly everyMs: number;
  readonly onBreach: 'abort' | 'page';
};

/** The field that makes a step what it is; exactly one of them is present. */
export const STEP_KINDS = [
  'action',
  'workflow',
  'playbook',
  'approval',
  'task',
  'wait',
  'parallel',
  'switch',
  'repeat',
  'forEach',
  'notify',
  'probe',
  'end',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** The plan's name in votes, records and file stores. */
export const planDigest = (plan: Plan): Digest => documentDigest(TAGS.plan, plan);
