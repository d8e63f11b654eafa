import type { AuditEntry } from '../../domain/audit/record.ts';
import type { Proof } from '../../domain/approval/execution.ts';
import type { Authority } from '../../domain/committee/committee.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import type { OrderKind, SignedOrder } from '../../domain/committee/order.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { Capability } from '../../domain/playbook/catalogue.ts';
import type { PlanValue } from '../../domain/playbook/value.ts';
import type { Attempt } from '../attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';

export type Values = Readonly<Record<string, PlanValue>>;

/** What an action is given besides its arguments. */
export type Doing = {
  readonly deps: ActivityDependencies;
  readonly attempt: Attempt;
  /** One name for one effect, whatever is tried again. */
  readonly key: string;
  /** The committee of now, as this worker found it from the pinned one. */
  readonly authority: Authority;
  /** That one and those before it, the pinned one first: an order of a former committee still holds its number. */
  readonly committees: readonly Authority[];
  /** What votes call the run, and the plan that it executes. */
  readonly run: string;
  readonly playbook: Digest;
  /** Unix milliseconds at which the step began, the same for every try. */
  readonly sinceMs: number;
  /** Signed orders that were handed to the run. */
  readonly orders: readonly SignedOrder[];
  /** Unix milliseconds by which this try has to end. */
  readonly untilMs: number;
  /** Says for the records of the incident what was seen to happen, with the documents that prove it. It counts once the try has ended well. */
  readonly witness: (seen: Witnessed) => void;
  /** Says that the committee is asked for an order that nothing here waits for. It counts once the try has ended well. */
  readonly ask: (asked: AskedOrder) => void;
};

export type AskedOrder = { readonly kind: OrderKind; readonly above: number };

/** One entry of the records, by whoever saw it; the run gives it its time. */
export type Witnessed = Omit<AuditEntry, 'atMs' | 'documents'>;

/** A signed order with a number above `above` is needed first; it is no failure that there is none yet. */
export type NeedsOrder = { readonly needs: OrderKind; readonly above: number };
export const needsOrder = (given: Values | NeedsOrder): given is NeedsOrder => 'needs' in given && 'above' in given;

/** What stands behind a name of the catalogue. Doing it twice with one key is doing it once. */
export type ActionBinding = Pick<Capability, 'effect' | 'results'> & {
  readonly perform: (given: Values, doing: Doing) => Promise<Values | NeedsOrder>;
};
export type ProbeBinding = Pick<Capability, 'results'> & {
  readonly look: (given: Values, doing: Pick<Doing, 'deps' | 'attempt' | 'untilMs'>) => Promise<Values>;
};
/** What the durable process is started with; its results are read in the workflow. */
export type ProcessBinding = Pick<Capability, 'effect'> & {
  readonly prepare: (
    given: Values,
    doing: Pick<Doing, 'deps' | 'attempt'> & { readonly asked: AskedBy },
  ) => Promise<PreparedProcess>;
};
/** Which step of which run asks, and the votes by which it may. */
export type AskedBy = {
  readonly run: string;
  readonly step: string;
  readonly playbook: Digest;
  readonly proof?: Proof;
  /** From the pinned committee to the one that voted. */
  readonly epochs: readonly SignedEpoch[];
};
export type PreparedProcess = { readonly type: string; readonly workflowId: string; readonly input: unknown };

/** How people are told: one channel of the configuration. */
export type Channel = {
  /** What fails together: channels with one route are one when independent ones are counted. */
  readonly route: string;
  readonly send: (
    message: ChannelMessage,
    context: Pick<Attempt, 'idempotencyKey' | 'signal' | 'deadlineMs'>,
  ) => Promise<void>;
};
export type ChannelMessage = { readonly text: string; readonly severity: string };

/** Everything that playbooks can name here, and nothing that is only planned. */
export type Bindings = {
  readonly actions: Readonly<Record<string, ActionBinding>>;
  readonly probes: Readonly<Record<string, ProbeBinding>>;
  readonly processes: Readonly<Record<string, ProcessBinding>>;
  readonly channels: Readonly<Record<string, Channel>>;
};
