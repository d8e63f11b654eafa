import { type Capability, type Catalogue, offered } from '../../domain/playbook/catalogue.ts';
import type {
  Argument,
  Arguments,
  Compensation,
  Effect,
  Plan,
  Retry,
  Step,
  Time,
  Trigger,
} from '../../domain/playbook/plan.ts';
import { durationMs, type PlanValue, shapeOf, type ValueType, valueFrom } from '../../domain/playbook/value.ts';
import type { FieldPath, Finding } from '../problem.ts';
import type { SourceDocument } from './document.ts';
import { TIME_INPUT } from './fields.ts';
import type { SourceArguments, SourceStep } from './steps.ts';
import { templateOf } from './template.ts';

const MINUTE_MS = 60_000;
const RETRY = { attempts: 3, delay: '2s', delayMax: '1m' };
/** Of a step that may take its time from us because it changes nothing. */
const QUIET_TIMEOUT_MS = 5 * MINUTE_MS;

/** What the author wrote becomes the plan: units are milliseconds, defaults are written out, texts are parsed. */
export function lower(source: SourceDocument, catalogue: Catalogue, findings: Finding[]): Plan {
  const at = new Lowering(catalogue, findings);
  return {
    format: 1,
    name: source.name,
    title: source.title,
    summary: source.summary.trim(),
    severity: source.severity,
    triggers: (source.triggers ?? []).map(lowerTrigger),
    inputs: mapEntries(source.inputs, (input, name) => ({
      type: input.type,
      summary: input.summary,
      ...present('default', at.value(input.default, input.type, ['inputs', name, 'default'])),
    })),
    variables: mapEntries(source.variables, (variable, name) => ({
      type: variable.type,
      ...present('initial', at.value(variable.initial, variable.type, ['variables', name, 'initial'])),
    })),
    guards: (source.guards ?? []).map((guard, index) => ({
      id: guard.id,
      summary: guard.summary,
      probe: guard.probe,
      with: at.args(guard.with, offered(catalogue.probes, guard.probe), ['guards', index, 'with']),
      expect: guard.expect.trim(),
      everyMs: at.time(guard.every, ['guards', index, 'every']),
      onBreach: guard.onBreach,
    })),
    onFailure: source.onFailure ?? 'undo',
    steps: at.steps(source.steps, ['steps']),
  };
}

function lowerTrigger(trigger: NonNullable<SourceDocument['triggers']>[number]): Trigger {
  return {
    labels: mapEntries(trigger.labels, (label) => (typeof label === 'string' ? { equals: label } : label)),
    ...present('severity', trigger.severity),
    ...present('network', trigger.network),
    inputs: mapEntries(trigger.inputs, (text) => text.trim()),
  };
}

class Lowering {
  readonly #catalogue: Catalogue;
  readonly #findings: Finding[];

  constructor(catalogue: Catalogue, findings: Finding[]) {
    this.#catalogue = catalogue;
    this.#findings = findings;
  }

  steps(steps: readonly SourceStep[], path: FieldPath): readonly Step[] {
    return steps.map((step, index) => this.#step(step, [...path, index]));
  }

  time(text: string, path: FieldPath): number {
    const ms = durationMs(text);
    if (ms === undefined) this.#say('input.playbook-schema', path, 'is longer than 90d');
    return ms ?? MINUTE_MS;
  }

  /** A fixed time, or the input that says it. */
  chosenTime(text: string, path: FieldPath): Time {
    const [, input] = TIME_INPUT.exec(text) ?? [];
    return input === undefined ? this.time(text, path) : { input };
  }

  value(written: unknown, type: ValueType, path: FieldPath): PlanValue | undefined {
    if (written === undefined) return undefined;
    const value = valueFrom(written, type);
    if (value === undefined) this.#say('input.playbook-argument', path, `is not ${shapeOf(type)}`);
    return value;
  }

  args(written: SourceArguments, taker: Pick<Capability, 'arguments'> | undefined, path: FieldPath): Arguments {
    return mapEntries(written, (value, name) =>
      this.#argument(value, taker && offered(taker.arguments, name)?.type, [...path, name]),
    );
  }

  #argument(written: PlanValue, type: ValueType | undefined, path: FieldPath): Argument {
    const template = typeof written === 'string' ? templateOf(written) : { literal: written };
    if (template === undefined) {
      this.#say('input.playbook-expression', path, 'holds a ${ whose expression is empty or does not end');
      return { literal: '' };
    }
    if (!('literal' in template) || type === undefined) return template;
    return { literal: this.value(template.literal, type, path) ?? template.literal };
  }

  #step(step: SourceStep, path: FieldPath): Step {
    const base = {
      id: step.id,
      summary: step.summary,
      ...present('when', step.when?.trim()),
      timeoutMs: 'timeout' in step && step.timeout ? this.time(step.timeout, [...path, 'timeout']) : QUIET_TIMEOUT_MS,
      set: mapEntries('set' in step ? step.set : undefined, (text) => text.trim()),
      onFailure: ('onFailure' in step ? step.onFailure : undefined) ?? 'fail',
    } as const;
    const inside = (field: string): FieldPath => [...path, field];
    if ('action' in step || 'workflow' in step) {
      const taker =
        'action' in step
          ? offered(this.#catalogue.actions, step.action)
          : offered(this.#catalogue.workflows, step.workflow);
      const effectful = {
        ...base,
        effect: step.effect,
        retry: this.#retry(step.retry, inside('retry'), step.effect),
        ...present(
          'heartbeatMs',
          step.heartbeat === undefined ? undefined : this.time(step.heartbeat, inside('heartbeat')),
        ),
        ...present('compensate', this.#compensation(step.compensate, inside('compensate'))),
        with: this.args(step.with, taker, inside('with')),
      };
      return 'action' in step ? { ...effectful, action: step.action } : { ...effectful, workflow: step.workflow };
    }
    if ('playbook' in step) {
      const known = offered(this.#catalogue.playbooks, step.playbook);
      const taker = known && { arguments: known.inputs };
      const digest = known?.digest ?? ('' as never); // an unknown playbook is refused with all other unknown names
      const effect = known?.effect ?? 'none';
      return { ...base, playbook: step.playbook, digest, effect, with: this.args(step.with, taker, inside('with')) };
    }
    if ('approval' in step) {
      const { question, escalate, quorum, ...rest } = step.approval;
      return {
        ...base,
        approval: {
          ...rest,
          question: this.#text(question, [...path, 'approval', 'question']),
          ...present('quorum', quorum),
          ...present(
            'escalate',
            escalate && {
              afterMs: this.time(escalate.after, [...path, 'approval', 'escalate', 'after']),
              channels: escalate.channels,
            },
          ),
        },
      };
    }
    if ('task' in step) {
      const { role, instruction, form } = step.task;
      const fields = mapEntries(form, ({ options, pattern, minimum, maximum, ...field }) => ({
        ...field,
        ...present('options', options),
        ...present('pattern', pattern),
        ...present('minimum', minimum),
        ...present('maximum', maximum),
      }));
      const words = this.#text(instruction, [...path, 'task', 'instruction']);
      return { ...base, task: { role, instruction: words, form: fields } };
    }
    if ('wait' in step) {
      if ('until' in step.wait) return { ...base, wait: { until: step.wait.until.trim() } };
      const forMs = this.time(step.wait.for, [...path, 'wait', 'for']);
      const timeoutMs = step.timeout === undefined ? forMs + MINUTE_MS : base.timeoutMs;
      return { ...base, timeoutMs, wait: { forMs } };
    }
    if ('notify' in step) {
      const { channels, message, confirm = 1 } = step.notify;
      const words = this.#text(message, [...path, 'notify', 'message']);
      return {
        ...base,
        notify: { channels, message: words, confirm },
        retry: this.#retry(step.retry, inside('retry'), 'none'),
      };
    }
    if ('probe' in step) {
      return {
        ...base,
        probe: step.probe,
        with: this.args(step.with, offered(this.#catalogue.probes, step.probe), inside('with')),
        ...present('expect', step.expect?.trim()),
        ...present(
          'hold',
          step.hold && {
            forMs: this.chosenTime(step.hold.for, [...path, 'hold', 'for']),
            everyMs: this.chosenTime(step.hold.every, [...path, 'hold', 'every']),
          },
        ),
        retry: this.#retry(step.retry, inside('retry'), 'none'),
      };
    }
    if ('end' in step) return { ...base, end: step.end };
    return this.#container(step, base, path);
  }

  #container(
    step: Extract<SourceStep, { parallel: unknown } | { switch: unknown } | { repeat: unknown } | { forEach: unknown }>,
    base: Omit<Step, 'end'> & { readonly timeoutMs: number } & Pick<Step, 'id' | 'summary' | 'set' | 'onFailure'>,
    path: FieldPath,
  ): Step {
    if ('parallel' in step) {
      const { join = 'all', branches } = step.parallel;
      const lowered = mapEntries(branches, (steps, name) => this.steps(steps, [...path, 'parallel', 'branches', name]));
      return { ...base, parallel: { join, branches: lowered } };
    }
    if ('switch' in step) {
      const cases = step.switch.cases.map((each, index) => ({
        when: each.when.trim(),
        steps: this.steps(each.steps, [...path, 'switch', 'cases', index, 'steps']),
      }));
      const otherwise = this.steps(step.switch.otherwise ?? [], [...path, 'switch', 'otherwise']);
      return { ...base, switch: { cases, otherwise } };
    }
    if ('repeat' in step) {
      const { times, until, every = '10s', steps } = step.repeat;
      const everyMs = this.chosenTime(every, [...path, 'repeat', 'every']);
      const body = this.steps(steps, [...path, 'repeat', 'steps']);
      return { ...base, repeat: { times, until: until.trim(), everyMs, steps: body } };
    }
    const { in: list, as, atMost, concurrency = 1, steps } = step.forEach;
    const body = this.steps(steps, [...path, 'forEach', 'steps']);
    return { ...base, forEach: { in: list.trim(), as, atMost, concurrency, steps: body } };
  }

  #text(written: string, path: FieldPath): Argument {
    const argument = this.#argument(written.trim(), 'text', path);
    return 'cel' in argument ? { text: [argument] } : argument; // words for people, whatever the expression gives
  }

  #compensation(
    written: { action: string; with?: SourceArguments } | undefined,
    path: FieldPath,
  ): Compensation | undefined {
    if (written === undefined) return undefined;
    const taker = offered(this.#catalogue.actions, written.action);
    return { action: written.action, with: this.args(written.with, taker, [...path, 'with']) };
  }

  #retry(
    written: { attempts: number; delay?: string | undefined; delayMax?: string | undefined } | undefined,
    path: FieldPath,
    effect: Effect,
  ): Retry {
    const { attempts = effect === 'irreversible' ? 1 : RETRY.attempts, delay, delayMax } = written ?? {};
    return {
      attempts,
      delayMs: this.time(delay ?? RETRY.delay, [...path, 'delay']),
      delayMsMax: this.time(delayMax ?? RETRY.delayMax, [...path, 'delayMax']),
    };
  }

  #say(code: Finding['code'], path: FieldPath, message: string): void {
    if (this.#findings.length < 50) this.#findings.push({ code, path, message });
  }
}

const present = <Key extends string, Value>(key: Key, value: Value | undefined): { readonly [key in Key]?: Value } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [key in Key]?: Value };

function mapEntries<Value, Mapped>(
  record: Readonly<Record<string, Value>> | undefined,
  map: (value: Value, name: string) => Mapped,
): Readonly<Record<string, Mapped>> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, map(value, name)]));
}
