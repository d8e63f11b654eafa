import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ReadContext } from '../../domain/ports/context.ts';
import type { NotifierFailureCode } from './failures.ts';

const ANSWER_BYTES_MAX = 65_536;
const RETRY_AFTER_SECONDS_MAX = 3_600;
const RETRY_AFTER_SECONDS_USUAL = 5;
/** The request never left: nothing can have been delivered. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export type HttpAnswer = { readonly status: number; readonly headers: Headers; readonly text: string };
export type HttpRequest = {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

/**
 * One request, one answer of any status. Redirects are not followed: they would carry the credential elsewhere. Throws
 * `unavailable.notifier-down` when nothing left this machine, `unknown-outcome.notifier-answer` when something did, and what the signal says.
 */
export async function exchange(channel: string, request: HttpRequest, context: ReadContext): Promise<HttpAnswer> {
  const { url, method = 'POST', headers, body } = request;
  context.signal.throwIfAborted();
  const left = context.deadlineMs - Date.now();
  if (left <= 0) throw failure('unavailable.notifier-down', channel, 'there was no time left to send it');
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(left)]);
  try {
    const answer = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, headers: answer.headers, text: await readBounded(answer) };
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof FirebreakFailure) throw error;
    const code = causeCode(error);
    throw NOT_SENT.has(code)
      ? failure('unavailable.notifier-down', channel, `cannot be reached (${code})`)
      : failure('unknown-outcome.notifier-answer', channel, `gave no answer (${code})`);
  }
}

async function readBounded(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > ANSWER_BYTES_MAX) break; // what is longer is no answer to us; the status still counts
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

/** What a status other than success means; `why` is the other side's own short reason. Undefined for 2xx. */
export function statusFailure(
  channel: string,
  { status, headers }: HttpAnswer,
  why = '',
): FirebreakFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const said = `answered ${status}${why === '' ? '' : `: ${why}`}`;
  if (status === 429) return throttled(channel, headers, said);
  if (status === 401 || status === 403) return failure('policy.notifier-credentials', channel, said);
  if (status >= 500 || status === 408) return failure('unavailable.notifier-down', channel, said);
  return failure('input.notifier-refused', channel, said);
}

/** RFC 9110 §10.2.3 in seconds; a date, or nothing, counts as a few. */
export function throttled(channel: string, headers: Headers, said: string): FirebreakFailure {
  const given = Number(headers.get('retry-after') ?? 'x');
  const wanted = Number.isFinite(given) && given >= 0 ? Math.ceil(given) : RETRY_AFTER_SECONDS_USUAL;
  const retryAfterSeconds = Math.min(wanted, RETRY_AFTER_SECONDS_MAX);
  return new FirebreakFailure('unavailable.notifier-throttled', `${channel} ${said}`, { retryAfterSeconds });
}

export const failure = (code: NotifierFailureCode, channel: string, said: string): FirebreakFailure =>
  new FirebreakFailure(code, `${channel} ${said}`.slice(0, 500));

/** The other side's words are quoted only as far as they are one: an error may repeat what was sent, and a key was sent. */
export const reasonWord = (reason: unknown): string =>
  typeof reason === 'string' && /^[a-z][a-z0-9_-]{0,60}$/.test(reason) ? reason : 'without a reason that can be shown';

/** `fetch` puts what the system said into `cause`. */
function causeCode(error: unknown): string {
  const cause = fieldOf(error, 'cause') ?? error;
  const code = fieldOf(cause, 'code') ?? fieldOf(error, 'name');
  return typeof code === 'string' && /^[A-Za-z_]{3,40}$/.test(code) ? code : 'unnamed error';
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
