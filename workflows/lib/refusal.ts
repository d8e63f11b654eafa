import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import {
  accept,
  type FailureCode,
  type FailureDetails,
  familyOf,
  type Refusal,
  type Verdict,
} from '../../domain/errors/failure.ts';

const FINAL: ReadonlySet<string> = new Set(['input', 'policy', 'conflict', 'signer-fault']);

/** A no of an activity as a value. Cancellation passes through, and so does every error that nobody gave a name: that is a bug. */
export async function verdictOf<T>(effect: Promise<T>): Promise<Verdict<T>> {
  try {
    return accept(await effect);
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined) throw error;
    return { ok: false, refusal };
  }
}

/**
 * Whether an effect ended because it was called back. A worker that dies meanwhile cannot say so: the engine ends it by its silence, and
 * adds only that it was not tried again for that reason.
 */
export const isCalledBack = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED');

function refusalIn(error: unknown): Refusal | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || typeof cause.type !== 'string') return undefined;
  const code = cause.type as FailureCode;
  if (!FINAL.has(familyOf(code))) return undefined;
  const details = cause.details?.[0] as FailureDetails | undefined;
  return details === undefined || details === null
    ? { code, message: cause.message }
    : { code, message: cause.message, details };
}

/** A no to a message of a client, as Temporal carries it: code as type, a sentence, public details. */
export const toTemporal = ({ code, message, details }: Refusal): ApplicationFailure =>
  ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: true,
    details: details === undefined ? [] : [details],
  });
