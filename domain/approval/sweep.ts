import type { KeyCertificate, PublicKeyPackage } from '../ceremony/ceremony.ts';
import type { Authority } from '../committee/committee.ts';
import { canonicalBytes, sha256Hex } from '../encoding/digest.ts';
import { refuse, type Verdict } from '../errors/failure.ts';
import type { CertifiedOutput } from './covered.ts';
import { type Execution, type ExecutionRefusal, judgeExecution, type Proof } from './execution.ts';

/** The process that a plan names, and the only one whose votes move coins without their release keys. */
export const SWEEP_PROCESS = 'sweepVaults';

export type SweepVotes = {
  readonly proof: Proof;
  /** The covered step that sweeps. */
  readonly step: string;
  /** Of the key that the coins lie under. */
  readonly fromEpoch: number;
  /** Whether its participants signed it is for `verifyCertificate`, and comes first. */
  readonly successor: KeyCertificate;
};

export type SweepRefusal = ExecutionRefusal | 'policy.sweep-origin';

/** What the certificate of a key says about the step that made it; nothing for a key that no playbook asked for. */
export function outputsOf(
  successor: KeyCertificate,
  { environment, network }: Pick<Authority, 'environment' | 'network'>,
): ReadonlyMap<string, CertifiedOutput> {
  const { origin, epoch } = successor.package;
  if (origin === undefined) return new Map();
  const outputs = { epoch, certificate: sha256Hex(canonicalBytes(successor)) };
  return new Map([[origin.step, { environment, network, run: origin.run, step: origin.step, outputs }]]);
}

/**
 * Whether the committee voted for exactly this: all coins of the key of `fromEpoch` go to the key of `successor`. Votes that name the
 * key by the step that makes it bind run and plan through the origin in its certificate; votes that name the certificate by its digest
 * are about a key that was there when the members voted, whoever made it. The value names who approved.
 */
export function judgeSweepVotes(
  { proof, step, fromEpoch, successor }: SweepVotes,
  authority: Authority,
  nowSeconds: number,
): Verdict<readonly string[], SweepRefusal> {
  const { subject } = proof.certificate;
  const made = madeBy(proof, step, successor.package);
  if (made === undefined)
    return refuse('policy.sweep-origin', `the votes are about a key that their run makes, and no run made this one`);
  const execution: Execution = {
    run: made.run,
    playbook: made.playbook,
    // Which step asked is the plan's own business; what it covers is what counts.
    step: subject.step,
    class: 'change',
    covered: {
      step,
      kind: 'workflow',
      name: SWEEP_PROCESS,
      arguments: {
        fromEpoch,
        toEpoch: successor.package.epoch,
        certificate: sha256Hex(canonicalBytes(successor)),
      },
    },
  };
  return judgeExecution(proof, execution, outputsOf(successor, authority), authority, nowSeconds);
}

/** The run and plan that the votes must be of: those of the key, wherever the votes refer to a step that makes it. */
function madeBy(
  { certificate: { subject }, covers }: Proof,
  step: string,
  { origin }: PublicKeyPackage,
): { readonly run: string; readonly playbook: Execution['playbook'] } | undefined {
  const given = Object.values(covers.find((each) => each.step === step)?.arguments ?? {});
  return given.some((argument) => 'output' in argument) ? origin : subject;
}
