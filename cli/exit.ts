import { type FailureFamily, FirebreakFailure } from '../domain/errors/failure.ts';

/** What a script may rely on; see the generated reference. */
export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_FAMILY: Readonly<Record<FailureFamily, ExitCode>> = {
  input: EXIT.usage,
  policy: EXIT.refused,
  conflict: EXIT.refused,
  'signer-fault': EXIT.refused,
  'unknown-outcome': EXIT.refused,
  'not-yet': EXIT.refused,
  bug: EXIT.refused,
  unavailable: EXIT.unreachable,
};

/** The family of a failure says who must act, and that is what the exit code tells a script. */
export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof FirebreakFailure ? BY_FAMILY[error.family] : EXIT.refused;
