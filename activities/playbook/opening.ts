import { type Authority, type Committee, quorumOf } from '../../domain/committee/committee.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { judgeEndorsement, type SignedEndorsement } from '../../domain/playbook/endorsement.ts';
import { requireListed } from '../../domain/playbook/listed.ts';
import { needsOf } from '../../domain/playbook/needs.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import { type Plan, planDigest } from '../../domain/playbook/plan.ts';
import { overlongHold } from '../../domain/playbook/time.ts';
import { isOfType, type PlanValue, shapeOf } from '../../domain/playbook/value.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { type Attempt, attempt } from '../attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { getDocument } from '../documents.ts';
import type { Bindings, Values } from './binding.ts';
import { missingIn } from './bindings.ts';
import { committeeFollowed } from './committees.ts';
import { requireNetwork } from './shape.ts';

/** One plan as it is handed to a run: what it is, where its bytes lie, and what it starts from. */
export type PlanToRun = {
  readonly network: string;
  /** Of the playbook; for people and lists, the digest counts. */
  readonly name: string;
  /** `planDigest`: what is executed, and what votes name. */
  readonly playbook: Digest;
  /** Its RFC 8785 bytes. */
  readonly plan: BlobRef;
  /** Bytes of every plan that this one, or one of those, runs as a step; by plan digest. */
  readonly library: Readonly<Record<string, BlobRef>>;
  readonly inputs: Readonly<Record<string, PlanValue>>;
  /** Demanded outside development. */
  readonly endorsement?: SignedEndorsement;
};

export type OpenInput = PlanToRun & {
  readonly epochs: readonly SignedEpoch[];
  /** A step of a run that was endorsed: its plan is pinned by digest in the endorsed one. */
  readonly within: boolean;
};

/** What the run keeps from here on. */
export type Opened = {
  readonly plan: Plan;
  readonly inputs: Values;
  readonly authority: Omit<Authority, 'former'> & { readonly former: readonly string[] };
  /** The hand-overs that lead to it; absent in runs of older builds, which know those that they were given. */
  readonly epochs?: readonly SignedEpoch[];
};

const LIBRARY_MAX = 20;

export const createOpeningActivities = (deps: ActivityDependencies, bindings: Bindings) => ({
  /**
   * Fetches a plan by its digest and decides whether it can and may run here: who signed it, what it needs and asks of the committee down to
   * its last sub-playbook, and whether its inputs are what it declares and name validators of this network. What is missing is said now, and not at step four.
   */
  openRun: (input: OpenInput): Promise<Opened> =>
    attempt(deps, 'openRun', async (now) => {
      requireNetwork(deps, input.network);
      const { authority, later } = await committeeFollowed(deps, now, input.epochs);
      const plan = await planOf(deps, input.plan, input.playbook, now);
      requireEndorsement(input, plan, authority);
      const { environment, network, committee, former } = authority;
      for (const each of await plansWithin(deps, plan, input.library, now)) {
        requireOffers(bindings, each, input.library);
        requireReachable(each, committee);
      }
      const inputs = inputsOf(plan, input.inputs);
      requireListed(plan, inputs, deps.genesis);
      requireTime(plan, inputs);
      return {
        plan,
        inputs,
        authority: { environment, network, committee, former: [...former] },
        epochs: [...input.epochs, ...later],
      };
    }),
});

/** Bytes of a plan are believed for their digest alone. */
async function planOf(deps: ActivityDependencies, ref: BlobRef, digest: Digest, now: Attempt): Promise<Plan> {
  const plan = await getDocument<Plan>(deps, ref, now);
  if (plan.format === 1 && planDigest(plan) === digest) return plan;
  throw new FirebreakFailure(
    'input.plan-digest',
    `blob ${ref.digest} is not plan ${digest} in a form that this build executes`,
  );
}

function requireEndorsement(
  { endorsement, within, name, playbook }: OpenInput,
  plan: Plan,
  authority: Authority,
): void {
  if (within || (endorsement === undefined && authority.environment === 'development')) return;
  if (endorsement === undefined)
    throw new FirebreakFailure(
      'policy.endorsement-missing',
      `in ${authority.environment} the committee has to sign ${name} first`,
    );
  const verdict = judgeEndorsement(endorsement, authority, plan.name, playbook);
  if (!verdict.ok) throw failureOf(verdict.refusal);
}

/** The plan and every one that can be reached from it: a sub-playbook that cannot run refuses the playbook that names it. */
async function plansWithin(
  deps: ActivityDependencies,
  plan: Plan,
  library: OpenInput['library'],
  now: Attempt,
): Promise<readonly Plan[]> {
  const plans: Plan[] = [plan];
  const seen = new Set<string>();
  for (const each of plans) {
    for (const digest of needsOf(each).playbooks) {
      const ref = library[digest];
      if (ref === undefined || seen.has(digest)) continue;
      if (seen.size >= LIBRARY_MAX)
        throw new FirebreakFailure(
          'input.playbook-unbounded',
          `${plan.name} reaches more than ${LIBRARY_MAX} playbooks`,
        );
      seen.add(digest);
      plans.push(await planOf(deps, ref, digest, now));
    }
  }
  return plans;
}

function requireOffers(bindings: Bindings, plan: Plan, library: OpenInput['library']): void {
  const missing = missingIn(bindings, needsOf(plan), library);
  if (missing.length > 0)
    throw new FirebreakFailure(
      'input.playbook-capability',
      `${plan.name} needs what this installation does not offer: ${missing.join(', ')}`,
      { playbook: plan.name, missing: [...missing] },
    );
}

/** An approval that today's committee cannot give would be waited for until it expires, in the middle of an emergency. */
function requireReachable(plan: Plan, committee: Committee): void {
  const seats = committee.members.length;
  for (const step of everyStep(plan.steps)) {
    if (!('approval' in step)) continue;
    const need = Math.max(step.approval.quorum ?? 0, quorumOf(committee, step.approval.class));
    if (need > seats)
      throw new FirebreakFailure(
        'policy.playbook-quorum',
        `step ${step.id} of ${plan.name} needs ${need} signatures, the committee of epoch ${committee.epoch} has ${seats} seats`,
        { playbook: plan.name, step: step.id, need, seats },
      );
  }
}

function inputsOf(plan: Plan, given: Readonly<Record<string, PlanValue>>): Values {
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(plan.inputs, name));
  if (stranger !== undefined) throw wrong(`${plan.name} has no input ${stranger.slice(0, 60)}`);
  return Object.fromEntries(
    Object.entries(plan.inputs).map(([name, { type, default: usual }]) => {
      const value = Object.hasOwn(given, name) ? given[name] : usual;
      if (!isOfType(value, type)) throw wrong(`input ${name} is not ${shapeOf(type)}`);
      return [name, value];
    }),
  );
}

/** What could only time out, after hours perhaps, is not begun. */
function requireTime(plan: Plan, inputs: Values): void {
  const step = overlongHold(plan, inputs);
  if (step !== undefined)
    throw wrong(`step ${step.id} would look for longer than the ${step.timeoutMs / 1_000} s that it may take`);
}

const wrong = (message: string): FirebreakFailure => new FirebreakFailure('input.playbook-input', message);
