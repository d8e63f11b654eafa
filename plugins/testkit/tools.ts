import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { EffectContext } from '../../domain/ports/context.ts';

/** The little that a suite needs of a test runner: Jest, Vitest and others have these names. */
export type TestTools = {
  test(title: string, run: () => Promise<void>, limitMs?: number): unknown;
  expect(value: unknown): { toBe(wanted: unknown): void; toEqual(wanted: unknown): void };
};

/** A context for calls that should be quick. */
export const promptly = (signal: AbortSignal = new AbortController().signal): EffectContext => ({
  idempotencyKey: 'compliance',
  signal,
  deadlineMs: Date.now() + 30_000,
});

/** The code that `run` fails with; `nothing` when it succeeds, `exception` when it throws something without a code. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'nothing';
  } catch (error) {
    return error instanceof FirebreakFailure ? error.code : 'exception';
  }
}
