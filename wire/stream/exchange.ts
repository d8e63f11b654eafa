import type { Stream } from '@libp2p/interface';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { readFrame, writeFrame } from './frame.ts';

/**
 * One request, one response on a fresh stream. `signal` is both the caller's "never mind" and the deadline.
 * Throws `unavailable.stream-silent` or `unavailable.stream-ended`; whatever happens, the stream is over afterwards.
 */
export async function askOverStream(
  open: (signal: AbortSignal) => Promise<Stream>,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let stream: Stream | undefined;
  try {
    stream = await open(signal);
    await writeFrame(stream, request, signal);
    return await readFrame(stream, signal);
  } catch (error) {
    const failure = asStreamFailure(error, signal);
    stream?.abort(failure);
    throw failure;
  }
}

export type ExchangeLimits = {
  /** A peer that opened a stream has this long to say what it wants. */
  readonly requestMs: number;
  /** The answer is written within this time after the request arrived, or the stream is reset. */
  readonly answerMs: number;
};

export const EXCHANGE_LIMITS: ExchangeLimits = { requestMs: 10_000, answerMs: 60_000 };

/** How a served stream ended; only `answered` counts as a request. */
export type ServedOutcome =
  | { readonly kind: 'answered'; readonly requestBytes: number; readonly responseBytes: number }
  | { readonly kind: 'failed'; readonly failure: FirebreakFailure };

/** Serves the one request of an inbound stream. Never throws: the peer's misbehaviour is the outcome. */
export async function serveStream(
  stream: Stream,
  answer: (request: Uint8Array) => Promise<Uint8Array>,
  limits: ExchangeLimits = EXCHANGE_LIMITS,
): Promise<ServedOutcome> {
  let deadline = AbortSignal.timeout(limits.requestMs);
  try {
    const request = await readFrame(stream, deadline);
    deadline = AbortSignal.timeout(limits.answerMs);
    const response = await abortable(answer(request), deadline);
    await writeFrame(stream, response, deadline);
    return { kind: 'answered', requestBytes: request.length, responseBytes: response.length };
  } catch (error) {
    const failure = asStreamFailure(error, deadline);
    stream.abort(failure);
    return { kind: 'failed', failure };
  }
}

function asStreamFailure(error: unknown, signal: AbortSignal): FirebreakFailure {
  if (error instanceof FirebreakFailure) return error;
  if (signal.aborted) {
    return new FirebreakFailure(
      'unavailable.stream-silent',
      'no complete answer before the deadline',
      {},
      { cause: error },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new FirebreakFailure('unavailable.stream-ended', `the exchange broke off: ${reason}`, {}, { cause: error });
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
