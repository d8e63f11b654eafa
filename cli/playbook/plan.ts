import { existsSync } from 'node:fs';
import path from 'node:path';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { type ForecastStep, type ForecastValue, forecast } from '../../domain/playbook/forecast.ts';
import { requireListed } from '../../domain/playbook/listed.ts';
import type { FormField, StepKind } from '../../domain/playbook/plan.ts';
import { durationText } from '../../domain/playbook/value.ts';
import { parseInputs } from '../../language/inputs.ts';
import { readGenesis } from '../documents.ts';
import { OPERATOR_FILE, readOperator } from '../operator.ts';
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
  const genesis = networkAtHand(options);
  if (genesis !== undefined) requireListed(plan, inputs, genesis);
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

/** The network that was given, or that of the data folder; a plan can be printed on a machine that has neither. */
function networkAtHand({ network, data }: PlanOptions): NetworkGenesis | undefined {
  if (network !== undefined) return readGenesis(network);
  return data !== undefined && existsSync(path.join(data, OPERATOR_FILE)) ? readOperator(data).genesis : undefined;
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
    ...[...timesOf(step), ...Object.entries(step.form ?? {}).map(fieldLine)].map((line) => `${margin}${line}`),
    ...(step.approval ? [`${margin}class ${step.approval.class}, covers: ${step.approval.covers.join(', ')}`] : []),
    ...Object.entries(step.arguments).map(([name, value]) => `${margin}${name} = ${written(value)}`),
  ];
}

/** These have no time of their own: the steps in them do, and an end takes none. */
const TIMELESS: readonly StepKind[] = ['parallel', 'switch', 'repeat', 'forEach', 'end'];

/** How long it takes, or may take. */
function timesOf({ kind, timeoutMs, wait, hold, approval }: ForecastStep): readonly string[] {
  if (TIMELESS.includes(kind)) return [];
  if (wait !== undefined && 'forMs' in wait) return [`waits ${durationText(wait.forMs)}`];
  const most = `at most ${durationText(timeoutMs)}`;
  if (wait !== undefined) return [`waits until: ${wait.until}`, most];
  if (hold !== undefined)
    return [`has to hold for ${durationText(hold.forMs)}, looks every ${durationText(hold.everyMs)}; ${most}`];
  const { escalate, quorum } = approval ?? {};
  return [
    `${most}${escalate ? `; after ${durationText(escalate.afterMs)} without an answer tells ${escalate.channels.join(', ')}` : ''}`,
    ...(quorum === undefined ? [] : [`at least ${quorum} seats`]),
  ];
}

function fieldLine([name, { type, label, options, pattern, minimum, maximum }]: [string, FormField]): string {
  const bounds = [
    ...(options === undefined ? [] : [`one of ${options.join(', ')}`]),
    ...(pattern === undefined ? [] : [`matches ${pattern}`]),
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
  ];
  return `field ${[`${name}: ${type}`, ...bounds].join(', ')}  "${label}"`;
}

const written = (value: ForecastValue): string =>
  typeof value === 'object' && 'unknown' in value ? `known later: ${value.unknown}` : JSON.stringify(value);
