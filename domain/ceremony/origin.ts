import type { ArgumentValue, BoundArgument } from '../approval/covered.ts';
import { type ExecutionRefusal, judgeExecution, type Proof } from '../approval/execution.ts';
import type { Authority } from '../committee/committee.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { ValidatorId } from '../network/network.ts';
import type { KeyOrigin } from './ceremony.ts';
import { fewestParticipants } from './participants.ts';

/** Name in the catalogue of playbooks, and so in every vote on a key. */
export const KEY_PROCESS = 'generateKey';

/** A key that is about to be made for a step of a run, in the words of the validator that would take part. */
export type AskedKey = {
  readonly epoch: number;
  readonly purpose: string;
  readonly participants: readonly ValidatorId[];
  readonly origin: KeyOrigin;
};

export type OriginRefusal = ExecutionRefusal | 'policy.key-participants';

/**
 * Whether the committee voted for this key: a complete change approval of this very run and playbook covers `generateKey` at this very
 * step with this epoch and purpose, and whoever makes it was named by the votes. Some of the named may be missing, down to the
 * smallest number that was voted for; nobody may be added.
 */
export function judgeOrigin(
  { epoch, purpose, participants, origin }: AskedKey,
  proof: Proof,
  authority: Authority,
  threshold: number,
  nowSeconds: number,
): Verdict<readonly string[], OriginRefusal> {
  const voted = proof.covers.find(({ step }) => step === origin.step)?.arguments ?? {};
  const named = idsOf(voted['participants']);
  const smallest = numberOf(voted['smallest']);
  const votes = judgeExecution(
    proof,
    {
      playbook: origin.playbook,
      run: origin.run,
      // The approval step is whatever the members signed; what follows from it is bound by the steps that it covers.
      step: proof.certificate.subject.step,
      class: 'change',
      covered: {
        step: origin.step,
        kind: 'workflow',
        name: KEY_PROCESS,
        arguments: { epoch, purpose, participants: named, smallest },
      },
    },
    new Map(),
    authority,
    nowSeconds,
  );
  if (!votes.ok) return votes;
  const added = participants.filter((id) => !named.includes(id));
  if (added.length > 0)
    return refuse('policy.key-participants', `the votes do not name validators ${added.join(', ')}`);
  const fewest = Math.max(smallest, fewestParticipants(threshold));
  return participants.length >= fewest
    ? accept(votes.value)
    : refuse('policy.key-participants', `${participants.length} participants, the votes ask for at least ${fewest}`);
}

const valueOf = (argument: BoundArgument | undefined): ArgumentValue | undefined =>
  argument !== undefined && 'value' in argument ? argument.value : undefined;

/** Anything but a list of numbers names nobody, and then nobody may take part. */
function idsOf(argument: BoundArgument | undefined): readonly number[] {
  const value = valueOf(argument);
  return Array.isArray(value) && value.every((id) => typeof id === 'number') ? value : [];
}

/** Anything but a number cannot be reached. */
function numberOf(argument: BoundArgument | undefined): number {
  const value = valueOf(argument);
  return typeof value === 'number' ? value : Number.MAX_SAFE_INTEGER;
}
