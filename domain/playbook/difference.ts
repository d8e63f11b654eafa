import type { Plan } from './plan.ts';

/** One field that two plans do not agree on; absent on a side where it does not exist. */
export type Difference = { readonly field: string; readonly before?: string; readonly after?: string };

/**
 * Where two plans mean something else. Steps are compared by their ids, so that one that was moved or inserted does not make all others
 * look changed; the order of a list of steps is a field of its own. Empty exactly when the digests are equal.
 */
export function differencesOf(before: Plan, after: Plan): readonly Difference[] {
  const [one, other] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((field) => {
    const [was, is] = [one.get(field), other.get(field)];
    if (was === is) return [];
    return [{ field, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

/** Every leaf of the plan by its place, as JSON. */
function fieldsOf(plan: Plan): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const walk = (value: unknown, place: string): void => {
    if (typeof value !== 'object' || value === null) fields.set(place, JSON.stringify(value));
    else if (!Array.isArray(value)) {
      const entries = Object.entries(value);
      if (entries.length === 0) fields.set(place, '{}');
      for (const [name, inside] of entries) walk(inside, place === '' ? name : `${place}.${name}`);
    } else if (value.length > 0 && value.every(hasId)) {
      fields.set(`${place} in order`, value.map(({ id }) => id).join(', '));
      for (const each of value) walk(each, `${place}.${each.id}`);
    } else if (value.every((each) => typeof each !== 'object')) fields.set(place, JSON.stringify(value));
    else for (const [index, each] of value.entries()) walk(each, `${place}[${index}]`);
  };
  walk(plan, '');
  return fields;
}

const hasId = (value: unknown): value is { readonly id: string } =>
  typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
