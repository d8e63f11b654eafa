import { FirebreakFailure } from '../../domain/errors/failure.ts';

/** The failure that `attempt` must throw; a test asserts on its code and details, not on its words. */
export function failureFrom(attempt: () => unknown): {
  readonly code: string;
  readonly culprits: readonly (string | number)[] | undefined;
} {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    const { culprits } = error.details;
    return { code: error.code, culprits: Array.isArray(culprits) ? culprits : undefined };
  }
  throw new Error('expected a failure, but nothing was thrown');
}
