import { z } from 'zod';
import type { ReadContext } from '../../../domain/ports/context.ts';
import { exchange, failure, reasonWord, statusFailure, throttled } from '../http.ts';

const answerSchema = z.object({ ok: z.boolean(), error: z.string().max(200).optional() });

/** Whoever runs the workspace has to act. */
const RIGHTS = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_in_channel',
  'access_denied',
  'restricted_action',
  'org_login_required',
  'ekm_access_denied',
]);
const BROKEN = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);
const TOO_MANY = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);

/** One call of the Web API. Slack says no with status 200 and `ok: false`; here that is a failure with a code. */
export async function callSlack(
  at: { readonly api: string; readonly token: string },
  method: string,
  given: Readonly<Record<string, unknown>> | URLSearchParams,
  context: ReadContext,
): Promise<unknown> {
  const authorization = `Bearer ${at.token}`;
  const request =
    given instanceof URLSearchParams
      ? { url: `${at.api}/${method}?${given.toString()}`, method: 'GET' as const, headers: { authorization } }
      : {
          url: `${at.api}/${method}`,
          headers: { authorization, 'content-type': 'application/json; charset=utf-8' },
          body: JSON.stringify(given),
        };
  const answer = await exchange('slack', request, context);
  const refused = statusFailure('slack', answer);
  if (refused !== undefined) throw refused;
  const body = parsed(answer.text);
  const read = answerSchema.safeParse(body);
  if (!read.success)
    throw failure('unknown-outcome.notifier-answer', 'slack', `answered ${method} with no JSON of its own`);
  if (read.data.ok) return body;
  const reason = reasonWord(read.data.error);
  const said = `refused ${method}: ${reason}`;
  if (TOO_MANY.has(reason)) throw throttled('slack', answer.headers, said);
  if (BROKEN.has(reason)) throw failure('unavailable.notifier-down', 'slack', said);
  throw failure(RIGHTS.has(reason) ? 'policy.notifier-credentials' : 'input.notifier-refused', 'slack', said);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
