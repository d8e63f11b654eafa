import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment } from '../network/network.ts';

/** JSON with whole numbers only. */
export type ArgumentValue = string | number | boolean | readonly ArgumentValue[];

/** Known when people vote, or the named output of another covered step of the same run, which nobody knows yet. */
export type BoundArgument =
  | { readonly value: ArgumentValue }
  | { readonly output: { readonly step: string; readonly name: string } };

export type CoveredKind = 'action' | 'workflow' | 'playbook';

/** One step that an approval lets happen, with everything that it will be given. */
export type CoveredStep = {
  readonly step: string;
  readonly kind: CoveredKind;
  /** Of the action, workflow or playbook. */
  readonly name: string;
  readonly arguments: Readonly<Record<string, BoundArgument>>;
};

/** The digest that votes bind: any other argument, action, order of steps or reference is another one. */
export const coveredDigest = (covers: readonly CoveredStep[]): Digest => documentDigest(TAGS.coveredSteps, covers);

export type CoverRefusal = 'policy.covered-repeated' | 'policy.covered-reference';

/** Steps are named once, and a reference looks back at a covered step: nothing else could be certified for this approval. */
export function judgeCovers(covers: readonly CoveredStep[]): Verdict<readonly CoveredStep[], CoverRefusal> {
  const before = new Set<string>();
  for (const { step, arguments: given } of covers) {
    if (before.has(step)) return refuse('policy.covered-repeated', `step ${step} is covered twice`);
    for (const [name, argument] of Object.entries(given)) {
      if ('output' in argument && !before.has(argument.output.step)) {
        return refuse(
          'policy.covered-reference',
          `${step}.${name} takes the output of ${argument.output.step}, which is not covered before it`,
        );
      }
    }
    before.add(step);
  }
  return accept(covers);
}

/** Outputs of one step whose certificate the executor has verified itself; the names say which step of which run made them. */
export type CertifiedOutput = {
  readonly environment: Environment;
  readonly network: string;
  readonly run: string;
  readonly step: string;
  readonly outputs: Readonly<Record<string, ArgumentValue>>;
};

export type OutputRefusal =
  | 'policy.step-not-covered'
  | 'not-yet.output'
  | 'policy.output-environment'
  | 'policy.output-run'
  | 'policy.output-step'
  | 'policy.output-name';

/**
 * What an executor gives to a covered step: the values that were voted on, and for each reference the certified output of exactly
 * that step of exactly this run. `certified` is keyed by the step that the reference names.
 */
export function settleArguments(
  subject: Pick<CertifiedOutput, 'environment' | 'network' | 'run'>,
  covers: readonly CoveredStep[],
  step: string,
  certified: ReadonlyMap<string, CertifiedOutput>,
): Verdict<Readonly<Record<string, ArgumentValue>>, OutputRefusal> {
  const covered = covers.find((each) => each.step === step);
  if (covered === undefined) return refuse('policy.step-not-covered', `step ${step} is not covered by this approval`);
  const settled: [string, ArgumentValue][] = [];
  for (const [name, argument] of Object.entries(covered.arguments)) {
    if ('value' in argument) {
      settled.push([name, argument.value]);
      continue;
    }
    const output = outputOf(subject, argument.output, certified);
    if (!output.ok) return output;
    settled.push([name, output.value]);
  }
  return accept(Object.fromEntries(settled));
}

function outputOf(
  subject: Pick<CertifiedOutput, 'environment' | 'network' | 'run'>,
  wanted: { readonly step: string; readonly name: string },
  certified: ReadonlyMap<string, CertifiedOutput>,
): Verdict<ArgumentValue, OutputRefusal> {
  const found = certified.get(wanted.step);
  if (found === undefined) return refuse('not-yet.output', `step ${wanted.step} has no certified output yet`);
  if (found.environment !== subject.environment || found.network !== subject.network) {
    return refuse(
      'policy.output-environment',
      `output of ${wanted.step} is from ${found.environment}/${found.network}`,
    );
  }
  if (found.run !== subject.run)
    return refuse('policy.output-run', `output of ${wanted.step} is from run ${found.run}`);
  if (found.step !== wanted.step) return refuse('policy.output-step', `output was made by step ${found.step}`);
  const value = Object.hasOwn(found.outputs, wanted.name) ? found.outputs[wanted.name] : undefined;
  return value === undefined
    ? refuse('policy.output-name', `step ${wanted.step} certifies no output ${wanted.name}`)
    : accept(value);
}
