import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { isOfType, type ValueType } from '../../domain/playbook/value.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Values } from './binding.ts';

/**
 * The results that an action or probe is listed with, and nothing else that it gives: what stands behind it may be a plug-in of others, and
 * what goes on from here is kept in histories and records. Another shape is a mistake, and nothing may be built on it.
 */
export function requireShape(name: string, given: unknown, results: Readonly<Record<string, ValueType>>): Values {
  const all = typeof given === 'object' && given !== null ? (given as Readonly<Record<string, unknown>>) : {};
  return Object.fromEntries(
    Object.entries(results).map(([key, type]) => {
      const value = all[key];
      if (isOfType(value, type)) return [key, value];
      throw new FirebreakFailure('bug.capability-results', `${name} gave a ${key} that is not ${type}`);
    }),
  );
}

export function requireNetwork({ genesis }: Pick<ActivityDependencies, 'genesis'>, network: string): void {
  if (network === genesis.name) return;
  throw new FirebreakFailure('input.other-network', `this coordinator serves ${genesis.name}, not ${network}`);
}
