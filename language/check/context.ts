import { type Catalogue, type CommitteeShape, offered } from '../../domain/playbook/catalogue.ts';
import {
  celTypeOf,
  checkExpression,
  evaluateExpression,
  type Names,
  type Reference,
} from '../../domain/playbook/expression.ts';
import type { Argument, Arguments, Expression, Plan, Time } from '../../domain/playbook/plan.ts';
import type { ValueType } from '../../domain/playbook/value.ts';
import type { FieldPath, Finding } from '../problem.ts';
import { namesIn, type Results, type Scope } from './scope.ts';

const FINDINGS_MAX = 50;

/** What every check needs: the plan, what the installation offers, and where to put what is wrong. */
export class Context {
  readonly plan: Plan;
  readonly catalogue: Catalogue;
  /** Undefined when nobody said which committee will vote: its part is then not judged. */
  readonly committee: CommitteeShape | undefined;
  readonly findings: Finding[] = [];
  /** `approval/step` for every covered step that its approval does come before. */
  readonly honoured = new Set<string>();

  constructor(plan: Plan, catalogue: Catalogue, committee: CommitteeShape | undefined) {
    this.plan = plan;
    this.catalogue = catalogue;
    this.committee = committee;
  }

  say(
    code: Finding['code'],
    path: FieldPath,
    message: string,
    more?: Finding['within'] | Required<Pick<Finding, 'remedy'>>,
  ): void {
    if (this.findings.length >= FINDINGS_MAX) return;
    const about = more === undefined ? {} : 'remedy' in more ? more : { within: more };
    this.findings.push({ code, path, message, ...about });
  }

  names(scope: Scope, result?: Results): Names {
    return namesIn(scope, this.plan.inputs, this.plan.variables, result);
  }

  /** Checks an expression and its type; gives what it reads. */
  expression(text: Expression, expected: string, names: Names, path: FieldPath): readonly Reference[] {
    const checked = checkExpression(text, names);
    if (!checked.ok) {
      const { code, message, start } = checked.finding;
      this.say(code, path, message, { text, offset: start });
      return [];
    }
    if (checked.type !== expected && checked.type !== 'dyn')
      this.say('input.playbook-expression', path, `is ${checked.type}, expected ${expected}`, { text, offset: 0 });
    return checked.references;
  }

  /** A condition that reads nothing is always true or never: either way it decides nothing. */
  condition(text: Expression, names: Names, path: FieldPath): readonly Reference[] {
    const before = this.findings.length;
    const references = this.expression(text, 'bool', names, path);
    if (references.length === 0 && this.findings.length === before) {
      const value = constantOf(text);
      this.say('input.playbook-unreachable', path, `the condition is always ${String(value)}`, { text, offset: 0 });
    }
    return references;
  }

  /** One argument of the expected type. Texts may hold any scalar. */
  argument(argument: Argument, type: ValueType, names: Names, path: FieldPath): readonly Reference[] {
    if ('literal' in argument) return [];
    if ('cel' in argument) return this.expression(argument.cel, celTypeOf(type), names, path);
    if (type !== 'text') this.say('input.playbook-argument', path, `is a text with parts, expected ${type}`);
    return argument.text.flatMap((part) => {
      if (typeof part === 'string') return [];
      const checked = checkExpression(part.cel, names);
      if (checked.ok && !/^(string|int|bool|dyn)$/.test(checked.type))
        this.say('input.playbook-expression', path, `\`${part.cel}\` is ${checked.type}, which has no text form`);
      return checked.ok ? checked.references : this.expression(part.cel, 'string', names, path);
    });
  }

  /** Every argument that the taker requires, none that it does not know, each of its type. */
  arguments(
    given: Arguments,
    expected: Readonly<Record<string, { readonly type: ValueType; readonly optional: boolean }>>,
    taker: string,
    names: Names,
    path: FieldPath,
  ): readonly Reference[] {
    const list = Object.entries(expected).map(([name, { type, optional }]) => `${name}${optional ? '?' : ''}: ${type}`);
    const takes = `${taker} takes ${list.join(', ') || 'no arguments'}`;
    for (const [name, { optional }] of Object.entries(expected))
      if (!optional && !Object.hasOwn(given, name))
        this.say('input.playbook-argument', path, `\`${name}\` is missing; ${takes}`);
    return Object.entries(given).flatMap(([name, argument]) => {
      const known = Object.hasOwn(expected, name) ? expected[name] : undefined;
      if (known !== undefined) return this.argument(argument, known.type, names, [...path, name]);
      this.say('input.playbook-argument', [...path, name], `\`${name}\` is unknown; ${takes}`);
      return [];
    });
  }

  /** A time that is taken from an input needs one that says times. */
  time(time: Time, path: FieldPath): void {
    if (typeof time === 'number') return;
    const input = offered(this.plan.inputs, time.input);
    if (input === undefined) this.say('input.playbook-unresolved', path, `no input is called \`${time.input}\``);
    else if (input.type !== 'duration')
      this.say('input.playbook-argument', path, `input \`${time.input}\` is ${input.type}, expected duration`);
  }

  /** What a time is unless somebody chooses another; undefined when the run has to be told. */
  usualMs(time: Time): number | undefined {
    if (typeof time === 'number') return time;
    const usual = offered(this.plan.inputs, time.input)?.default;
    return typeof usual === 'number' ? usual : undefined;
  }

  channels(channels: readonly string[], path: FieldPath): void {
    for (const [index, channel] of channels.entries())
      if (!this.catalogue.channels.includes(channel))
        this.say(
          'input.playbook-capability',
          [...path, index],
          `no channel is called ${channel}; there are: ${this.catalogue.channels.join(', ') || 'none'}`,
          {
            remedy:
              'Mend the name, or add the channel to `channels` of your catalogue and judge by that one: --catalogue <file>.',
          },
        );
  }
}

function constantOf(text: Expression): unknown {
  try {
    return evaluateExpression(text, {});
  } catch {
    return 'an error';
  }
}
