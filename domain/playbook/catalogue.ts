import type { ActionClass } from '../committee/committee.ts';
import type { Digest } from '../encoding/digest.ts';
import type { Effect } from './plan.ts';
import type { ValueType } from './value.ts';

/** Something that a step can name: an action of a plug-in, a durable process, or a probe. */
export type Capability = {
  readonly summary: string;
  /** The strongest effect it can have; a step may not claim a weaker one. */
  readonly effect: Effect;
  /** A repeat with the same key is harmless. Without it, an irreversible step is tried once. */
  readonly idempotent: boolean;
  readonly arguments: Readonly<Record<string, { readonly type: ValueType; readonly optional: boolean }>>;
  readonly results: Readonly<Record<string, ValueType>>;
};

export type KnownPlaybook = {
  readonly digest: Digest;
  /** The strongest of its steps; each irreversible one is behind an approval of its own. */
  readonly effect: Effect;
  readonly inputs: Readonly<Record<string, { readonly type: ValueType; readonly optional: boolean }>>;
};

/** What an installation can do today. A playbook that needs more is refused when it is loaded, not at step four. */
export type Catalogue = {
  readonly actions: Readonly<Record<string, Capability>>;
  readonly workflows: Readonly<Record<string, Capability>>;
  readonly probes: Readonly<Record<string, Capability>>;
  /** Notification channels by name. */
  readonly channels: readonly string[];
  readonly playbooks: Readonly<Record<string, KnownPlaybook>>;
};

/** As much of a committee as a playbook can be judged by. */
export type CommitteeShape = {
  readonly epoch: number;
  /** Members who can vote today; a deputy stands for its member. */
  readonly members: number;
  /** Signatures needed per class of decision. */
  readonly thresholds: Readonly<Record<ActionClass, number>>;
};

/** What is offered under a name that an author wrote: own names only. */
export const offered = <Offer>(list: Readonly<Record<string, Offer>>, name: string): Offer | undefined =>
  Object.hasOwn(list, name) ? list[name] : undefined;
