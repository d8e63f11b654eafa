import { type ForecastStep, type ForecastValue, forecast } from '../../domain/playbook/forecast.ts';
import { parseInputs } from '../../language/inputs.ts';
import type { Outcome } from '../outcome.ts';
import { loadFile, type PlaybookOptions } from './sources.ts';
import { refusedPlaybook } from './validate.ts';

export type PlanOptions = PlaybookOptions & { readonly input: readonly string[] };

/** What a run with these inputs would do, in order, as far as it is known before it: nothing is asked and nothing is changed. */
export function planPlaybook(file: string, options: PlanOptions): Outcome {
  const loaded = loadFile(file, options);
  if (!loaded.ok) return refusedPlaybook(loaded.problems);
  const { plan, digest } = loaded;
  const inputs = parseInputs(plan, options.input);
  const steps = forecast(plan, inputs);
  return {
    data: { name: plan.name, digest, inputs, steps },
    lines: [
      `${plan.name}: ${plan.title}`,
      `digest ${digest}`,
      ...steps.flatMap((step, index) => linesOf(step, index + 1)),
    ],
  };
}

function linesOf(step: ForecastStep, number: number): readonly string[] {
  const margin = ' '.repeat(4);
  const what = [step.kind, step.target].filter(Boolean).join(' ');
  const effect =
    step.effect === 'none'
      ? ''
      : `  ${step.effect.toUpperCase()}${step.undoneBy ? `, undone by ${step.undoneBy}` : ''}`;
  return [
    `${String(number).padStart(3)} ${step.step.padEnd(16)} ${what}${effect}`,
    `${margin}${step.summary}`,
    ...step.provided.map((condition) => `${margin}only if: ${condition}`),
    ...(step.approval ? [`${margin}class ${step.approval.class}, covers: ${step.approval.covers.join(', ')}`] : []),
    ...Object.entries(step.arguments).map(([name, value]) => `${margin}${name} = ${written(value)}`),
  ];
}

const written = (value: ForecastValue): string =>
  typeof value === 'object' && 'unknown' in value ? `known later: ${value.unknown}` : JSON.stringify(value);
