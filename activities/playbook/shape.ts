import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { isOfType, type ValueType } from '../../domain/playbook/value.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Values } from './binding.ts';

/** What gives results of another shape than it is listed with is wrong in our code, and nothing may be built on it. */
export function requireShape(name: string, given: Values, results: Readonly<Record<string, ValueType>>): Values {
  const wrong = Object.entries(results).find(([key, type]) => !isOfType(given[key], type));
  if (wrong === undefined) return given;
  throw new FirebreakFailure('bug.capability-results', `${name} gave a ${wrong[0]} that is not ${wrong[1]}`);
}

export function requireNetwork({ genesis }: Pick<ActivityDependencies, 'genesis'>, network: string): void {
  if (network === genesis.name) return;
  throw new FirebreakFailure('input.other-network', `this coordinator serves ${genesis.name}, not ${network}`);
}
