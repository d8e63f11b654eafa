import type { Digest } from '../encoding/digest.ts';
import { FirebreakFailure, type Refusal } from '../errors/failure.ts';
import { evaluateExpression } from '../playbook/expression.ts';
import { findsPattern } from '../playbook/pattern.ts';
import { type Plan, SEVERITIES, type Trigger } from '../playbook/plan.ts';
import { isOfType, type PlanValue, shapeOf } from '../playbook/value.ts';
import type { Alert } from './alert.ts';
import type { AlertMatchFailureCode } from './failures.ts';
import { quoted } from './text.ts';

/** A playbook that an alert could start. */
export type Candidate = Pick<Plan, 'name' | 'severity' | 'triggers' | 'inputs'> & {
  readonly digest: Digest;
  /** What this installation gives for inputs where an alert gives nothing. */
  readonly given?: Readonly<Record<string, PlanValue>>;
};

/** A playbook that could not be loaded: whether it would have answered, nobody can say. */
export type Unfit = { readonly name: string; readonly reason: string };

/** What the source of an alert is trusted with. */
export type SourceLimits = { readonly networks: readonly string[]; readonly playbooks: readonly string[] };

/** Why a playbook was not started; of several triggers the one that came closest. */
export type Losing = Refusal<AlertMatchFailureCode> & { readonly playbook: string };
export type Chosen = {
  readonly playbook: string;
  readonly digest: Digest;
  readonly severity: Plan['severity'];
  /** Position in `triggers` of the plan. */
  readonly trigger: number;
  readonly inputs: Readonly<Record<string, PlanValue>>;
};
/** `losing`: the nearest first, so that the first is the reason when there is none. */
export type Match = { readonly chosen?: Chosen; readonly losing: readonly Losing[] };

type Fit = Chosen & { readonly conditions: number };
/** `met`: how many conditions held before the one that did not. */
type NoFit = Refusal<AlertMatchFailureCode> & { readonly met: number };
type Judged = { readonly fit: Fit } | { readonly closest: NoFit };

/** Nearer than any trigger that does not hold: one that holds and may not be started, then one that nobody can read. */
const FORBIDDEN_FIT = Number.POSITIVE_INFINITY;
const UNREADABLE = Number.MAX_SAFE_INTEGER;

/**
 * Which playbook answers an alert, and why no other does. Of several that fit, the most severe one; then the trigger that asks for
 * more; then the first by name: the same alert and the same playbooks always come to the same.
 */
export function matchAlert(
  alert: Alert,
  candidates: readonly Candidate[],
  limits: SourceLimits,
  unfit: readonly Unfit[] = [],
): Match {
  const fits: Fit[] = [];
  const lost: (Losing & { readonly near: number })[] = [];
  const mayNot = (playbook: string) => ({
    playbook,
    code: 'policy.alert-playbook' as const,
    message: `source ${alert.source} may not start ${playbook}`,
  });
  for (const candidate of candidates) {
    const { name: playbook } = candidate;
    const judged = bestOf(alert, candidate, limits);
    const near = 'fit' in judged ? FORBIDDEN_FIT : judged.closest.met;
    if (!limits.playbooks.includes(playbook)) lost.push({ ...mayNot(playbook), near });
    else if ('fit' in judged) fits.push(judged.fit);
    else lost.push({ playbook, code: judged.closest.code, message: judged.closest.message, near });
  }
  for (const { name: playbook, reason } of unfit)
    if (limits.playbooks.includes(playbook))
      lost.push({ playbook, code: 'input.alert-unfit', message: `it cannot be loaded: ${reason}`, near: UNREADABLE });
    else lost.push({ ...mayNot(playbook), near: 0 });
  const losing = lost.sort(byNearness).map(({ near: _near, ...losing }) => losing);
  const [first, ...others] = fits.sort(byStrength);
  if (first === undefined) return { losing };
  const { conditions: _conditions, ...chosen } = first;
  const weaker = others.map(({ playbook, severity, conditions }) => ({
    playbook,
    code: 'conflict.alert-stronger' as const,
    message: `${first.playbook} (${first.severity}, ${first.conditions} conditions) comes before ${playbook} (${severity}, ${conditions})`,
  }));
  return { chosen, losing: [...weaker, ...losing] };
}

/** Of two as near, one that may be started: more can be learnt from what its trigger wants. */
const byNearness = (one: Losing & { readonly near: number }, other: Losing & { readonly near: number }): number =>
  (one.near === other.near ? 0 : other.near - one.near) ||
  Number(one.code === 'policy.alert-playbook') - Number(other.code === 'policy.alert-playbook') ||
  (one.playbook < other.playbook ? -1 : 1);

const byStrength = (one: Fit, other: Fit): number =>
  SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
  other.conditions - one.conditions ||
  (one.playbook < other.playbook ? -1 : 1);

function bestOf(alert: Alert, candidate: Candidate, limits: SourceLimits): Judged {
  let fit: Fit | undefined;
  let closest: NoFit = { code: 'input.alert-label', message: `${candidate.name} has no trigger`, met: -1 };
  for (const [index, trigger] of candidate.triggers.entries()) {
    const judged = judgeTrigger(alert, candidate, index, trigger, limits);
    if ('met' in judged) closest = judged.met > closest.met ? judged : closest;
    else if (fit === undefined || judged.conditions > fit.conditions) fit = judged;
  }
  return fit === undefined ? { closest } : { fit };
}

/** In the order in which a person would look: is it this alert, as grave, of this network, and does it say enough? */
function judgeTrigger(
  alert: Alert,
  { name, digest, severity, inputs: declared, given = {} }: Candidate,
  index: number,
  trigger: Trigger,
  { networks }: SourceLimits,
): Fit | NoFit {
  let met = 0;
  const no = (code: AlertMatchFailureCode, message: string): NoFit => ({ code, message, met });
  for (const [label, test] of Object.entries(trigger.labels)) {
    const value = Object.hasOwn(alert.labels, label) ? alert.labels[label] : undefined;
    if (value === undefined) return no('input.alert-label', `the alert has no label ${label}`);
    const fits = 'equals' in test ? value === test.equals : findsPattern(`^(?:${test.matches})$`, value);
    const wanted = 'equals' in test ? test.equals : `/${test.matches}/`;
    if (!fits)
      return no('input.alert-label', `label ${label} is ${quoted(value)}, the trigger wants ${quoted(wanted)}`);
    met += 1;
  }
  if (trigger.severity !== undefined && !trigger.severity.includes(alert.severity))
    return no(
      'input.alert-severity',
      `severity is ${quoted(alert.severity)}, the trigger wants ${trigger.severity.map((each) => quoted(each)).join(' or ')}`,
    );
  met += trigger.severity === undefined ? 0 : 1;
  const network = judgeNetwork(alert, trigger, networks);
  if (network !== undefined) return no('policy.alert-network', network);
  met += trigger.network === undefined ? 0 : 1;
  const inputs: Record<string, PlanValue> = { ...given };
  for (const [input, text] of Object.entries(trigger.inputs)) {
    const type = declared[input]?.type;
    if (type === undefined) return no('input.alert-input', `the playbook has no input ${input}`);
    try {
      const { source: _source, ...known } = alert;
      const value = evaluateExpression(text, { alert: known });
      if (!isOfType(value, type))
        return no(
          'input.alert-input',
          `input ${input} would be ${quoted(JSON.stringify(value))}, which is not ${shapeOf(type)}`,
        );
      inputs[input] = value;
    } catch (error) {
      if (!(error instanceof FirebreakFailure)) throw error;
      return no('input.alert-input', `input ${input} cannot be computed: ${quoted(error.message, 160)}`);
    }
  }
  return { playbook: name, digest, severity, trigger: index, inputs, conditions: met };
}

function judgeNetwork({ source, network }: Alert, trigger: Trigger, networks: readonly string[]): string | undefined {
  if (network === '') return `the alert names no network, and source ${source} speaks for several`;
  if (!networks.includes(network)) return `source ${source} may not speak for network ${quoted(network)}`;
  if (trigger.network !== undefined && !trigger.network.includes(network))
    return `network is ${quoted(network)}, the trigger wants ${trigger.network.map((each) => quoted(each)).join(' or ')}`;
  return undefined;
}
