import type { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { LifeCycle } from '../../domain/ports/context.ts';
import { asFailure, bounded } from './bounded.ts';
import { isRecord } from './check.ts';

/** One started (or not) plug-in in the order of its creation. */
export type Mounted = { readonly origin: string; readonly lives: readonly LifeCycle[] };
export type StepOutcome = {
  readonly plugin: string;
  readonly step: 'start' | 'stop';
  readonly failure?: FirebreakFailure;
};

const METHODS = ['start', 'stop', 'health', 'describe'] as const;

/** A port made of parts (a chain: view, broadcaster …) lives as its parts do, in the order of its fields. */
export function livesOf(port: unknown): LifeCycle[] {
  if (!isRecord(port)) return [];
  if (METHODS.some((method) => typeof port[method] === 'function')) return [port as LifeCycle];
  return Object.values(port).filter(
    (part): part is LifeCycle => isRecord(part) && METHODS.some((method) => typeof part[method] === 'function'),
  );
}

export async function startOne(mounted: Mounted, limitMs: number, signal: AbortSignal): Promise<StepOutcome> {
  return step(mounted.origin, 'start', async () => {
    for (const life of mounted.lives) {
      await bounded(`starting plug-in ${mounted.origin}`, limitMs, (inner) => life.start?.(inner), signal);
    }
  });
}

/** Stops every part even when one of them fails: what is left open outlives us. */
export async function stopOne(mounted: Mounted, limitMs: number): Promise<StepOutcome> {
  let first: StepOutcome | undefined;
  for (const life of [...mounted.lives].reverse()) {
    const outcome = await step(mounted.origin, 'stop', () =>
      bounded(`stopping plug-in ${mounted.origin}`, limitMs, () => life.stop?.()),
    );
    if (outcome.failure !== undefined) first ??= outcome;
  }
  return first ?? { plugin: mounted.origin, step: 'stop' };
}

async function step(plugin: string, name: 'start' | 'stop', run: () => Promise<void>): Promise<StepOutcome> {
  try {
    await run();
    return { plugin, step: name };
  } catch (error) {
    return { plugin, step: name, failure: asFailure(error, 'unavailable.plugin-failed', `plug-in ${plugin}: ${name}`) };
  }
}
