import type { LifeCycle } from '../../domain/ports/context.ts';

const FACTS_MAX = 20;
const FACT_LENGTH_MAX = 200;

/** What the parts say about themselves; an answer that throws or is not made of short texts is left out. */
export function describeAll(lives: readonly LifeCycle[]): Readonly<Record<string, string>> {
  const facts: Record<string, string> = {};
  for (const life of lives) {
    for (const [name, value] of factsOf(life)) {
      if (typeof value === 'string' && Object.keys(facts).length < FACTS_MAX)
        facts[name] = value.slice(0, FACT_LENGTH_MAX);
    }
  }
  return facts;
}

function factsOf(life: LifeCycle): [string, unknown][] {
  try {
    return Object.entries(life.describe?.() ?? {});
  } catch {
    return [];
  }
}
