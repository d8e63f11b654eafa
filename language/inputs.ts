import { FirebreakFailure } from '../domain/errors/failure.ts';
import { offered } from '../domain/playbook/catalogue.ts';
import type { Plan } from '../domain/playbook/plan.ts';
import { itemTypeOf, type PlanValue, shapeOf, type ValueType, valueFrom } from '../domain/playbook/value.ts';

/** `["suspect=7", "lasts=24h", "others=1,2"]` as the typed inputs of a plan. Throws `input.playbook-input`. */
export function parseInputs(plan: Plan, given: readonly string[]): Readonly<Record<string, PlanValue>> {
  const no = (message: string): FirebreakFailure => new FirebreakFailure('input.playbook-input', message);
  const inputs: Record<string, PlanValue> = {};
  for (const text of given) {
    const [, name = '', written = ''] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
    const declared = offered(plan.inputs, name);
    if (declared === undefined)
      throw no(
        `"${text.slice(0, 60)}" names no input; ${plan.name} has: ${Object.keys(plan.inputs).join(', ') || 'none'}`,
      );
    if (Object.hasOwn(inputs, name)) throw no(`input ${name} is given twice`);
    const value = valueFrom(typed(written, declared.type), declared.type);
    if (value === undefined) throw no(`input ${name} is not ${shapeOf(declared.type)}`);
    inputs[name] = value;
  }
  for (const [name, { default: usual, summary }] of Object.entries(plan.inputs))
    if (usual === undefined && !Object.hasOwn(inputs, name))
      throw no(`input ${name} is missing (${summary}): --input ${name}=…`);
  return inputs;
}

/** Text of the keyboard as the value that it stands for; what it is not stays text and is refused by its type. */
function typed(written: string, type: ValueType): unknown {
  const item = itemTypeOf(type);
  if (item !== undefined) return written === '' ? [] : written.split(',').map((each) => typed(each.trim(), item));
  if (type === 'bool') return written === 'true' ? true : written === 'false' ? false : written;
  if (type !== 'int' && type !== 'validator') return written;
  return /^-?(0|[1-9][0-9]{0,15})$/.test(written) ? Number(written) : written;
}
