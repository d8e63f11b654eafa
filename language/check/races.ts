import { everyStep } from '../../domain/playbook/nesting.ts';
import type { Step } from '../../domain/playbook/plan.ts';
import type { FieldPath } from '../problem.ts';
import type { Context } from './context.ts';

/** Variables that the steps set on some path. */
export const writesOf = (steps: readonly Step[]): ReadonlySet<string> =>
  new Set(everyStep(steps).flatMap((step) => Object.keys(step.set)));

/** Branches that run at the same time may not set the same variable, nor read one that another sets: the faster would decide. */
export function checkBranches(branches: Readonly<Record<string, readonly Step[]>>, path: FieldPath, at: Context): void {
  const sides = Object.entries(branches).map(([name, steps]) => ({
    name,
    writes: writesOf(steps),
    reads: readsOf(steps),
  }));
  for (const [index, one] of sides.entries()) {
    for (const other of sides.slice(index + 1)) {
      for (const variable of one.writes) {
        const how = other.writes.has(variable) ? 'also set' : other.reads.has(variable) ? 'read' : undefined;
        if (how !== undefined) clash(variable, one.name, how, other.name);
      }
      for (const variable of other.writes)
        if (one.reads.has(variable) && !one.writes.has(variable)) clash(variable, other.name, 'read', one.name);
    }
  }
  function clash(variable: string, one: string, how: string, other: string): void {
    const place = Object.hasOwn(branches, one) && path.at(-1) === 'branches' ? [...path, one] : path;
    at.say('input.playbook-write-conflict', place, `\`${variable}\` is set in ${one} and ${how} in ${other}`);
  }
}

/** Variables that any text in the steps names as an expression would: a message that only looks like one is read too, to be sure. */
function readsOf(steps: readonly Step[]): ReadonlySet<string> {
  const found = new Set<string>();
  const search = (value: unknown): void => {
    if (typeof value === 'string')
      for (const [, name] of value.matchAll(/\bvars(?:\s|\/\/[^\n]*\n)*\.(?:\s|\/\/[^\n]*\n)*([A-Za-z0-9]+)/g))
        found.add(name ?? '');
    else if (typeof value === 'object' && value !== null) for (const inside of Object.values(value)) search(inside);
  };
  search(steps);
  return found;
}
