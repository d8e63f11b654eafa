import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { failure } from '../http.ts';

/** nodemailer's errors carry these; see its `errors.d.ts`. */
type SmtpError = Readonly<Partial<Record<'code' | 'responseCode' | 'command' | 'syscall', unknown>>>;

const THROTTLED_SECONDS = 60;

/**
 * What went wrong, by who has to act. The server's own words are left out: they quote addresses. Until the end of DATA nothing is delivered
 * (RFC 5321 §4.1.1.4), but nodemailer names every broken connection alike: only one that was never made is known to have delivered nothing.
 */
export function smtpFailure(error: unknown): FirebreakFailure {
  const { code, responseCode, command, syscall } = (
    typeof error === 'object' && error !== null ? error : {}
  ) as SmtpError;
  const reply = typeof responseCode === 'number' ? responseCode : 0;
  const said = `${reply === 0 ? word(code) : `answered ${reply}`} at ${word(command)}`;
  // 454 and other temporary answers to a login are the server's trouble, not the password's.
  if (code === 'EAUTH' || code === 'ENOAUTH')
    return failure(
      reply >= 400 && reply < 500 ? 'unavailable.notifier-down' : 'policy.notifier-credentials',
      'email',
      said,
    );
  if (reply === 530 || reply === 534 || reply === 535) return failure('policy.notifier-credentials', 'email', said);
  // 450 to 452 are what servers answer to too much at once, greylisting included.
  if (reply >= 450 && reply <= 452)
    return new FirebreakFailure('unavailable.notifier-throttled', `email ${said}`, {
      retryAfterSeconds: THROTTLED_SECONDS,
    });
  if (reply >= 500) return failure('input.notifier-refused', 'email', said);
  if (code === 'ETLS')
    return failure('policy.notifier-credentials', 'email', `${said}: the server's certificate or TLS`);
  const neverConnected = code === 'EDNS' || syscall === 'connect';
  if (reply >= 400 || neverConnected) return failure('unavailable.notifier-down', 'email', said);
  return failure('unknown-outcome.notifier-answer', 'email', said);
}

const word = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 40) : 'something unnamed');
