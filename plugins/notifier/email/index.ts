import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { headlineOf, inertNotice, type Notice } from '../../../domain/notification/notice.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import type { DeliveryReceipt, Notifier } from '../../../domain/ports/notifier.ts';
import { failure } from '../http.ts';
import { readNotifierSecret } from '../secret.ts';
import { type EmailConfig, emailSchema, parseEmailConfig } from './config.ts';
import { smtpFailure } from './refusal.ts';

const STEP_MS_MAX = 10_000;
/** nodemailer waits for the greeting and for each answer of its own; shorter than this is no time for a handshake. */
const STEP_MS_MIN = 250;

/** Plain text over SMTP. One incident is one thread of a mail program; a repeat carries the same Message-ID. */
class Email implements Notifier {
  readonly route: string;
  readonly #config: EmailConfig;
  #auth: { readonly user: string; readonly pass: string } | undefined;
  #started = false;

  constructor(config: EmailConfig) {
    this.#config = config;
    this.route = `smtp:${config.host}`.slice(0, 200);
  }

  async start(): Promise<void> {
    const { user, password } = this.#config;
    if (user !== undefined && password !== undefined)
      this.#auth = { user, pass: await readNotifierSecret(password, 'email') };
    this.#started = true;
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#auth = undefined;
  }

  describe(): Readonly<Record<string, string>> {
    const { host, port, to } = this.#config;
    return { server: `${host}:${port}`, addressees: String(to.length) };
  }

  send = (notice: Notice, context: EffectContext): Promise<DeliveryReceipt> => this.#mail(notice, undefined, context);

  update = (notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#mail(notice, first.reference, context);

  resolve = (notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#mail(notice, first.reference, context);

  async #mail(given: Notice, answers: string | undefined, context: EffectContext): Promise<DeliveryReceipt> {
    if (!this.#started) throw failure('unavailable.notifier-down', 'email', 'is not started');
    context.signal.throwIfAborted();
    const left = context.deadlineMs - Date.now();
    if (left <= 0) throw failure('unavailable.notifier-down', 'email', 'there was no time left to send it');
    const notice = inertNotice(given);
    const { from, to } = this.#config;
    const messageId = messageIdOf(context.idempotencyKey, from);
    const transport = this.#transport(Math.max(STEP_MS_MIN, Math.min(STEP_MS_MAX, left)));
    try {
      const sending = transport.sendMail({
        from: { name: 'Firebreak', address: from },
        to: [...to],
        subject: headlineOf(notice),
        text: textOf(notice),
        messageId,
        date: new Date(notice.issuedAtMs),
        ...(answers === undefined ? {} : { inReplyTo: answers, references: [answers] }),
        headers: {
          'Auto-Submitted': 'auto-generated', // RFC 3834: no holiday answer comes back
          'X-Firebreak-Exercise': notice.exercise ? 'yes' : 'no',
          'X-Firebreak-Severity': notice.severity,
        },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const { rejected } = await untilAborted(sending, context.signal, left);
      const { exercise } = notice;
      const [route, reference, missed] = [this.route, answers ?? messageId, rejected.length];
      return { route, reference, state: 'accepted', exercise, atMs: Date.now(), missed };
    } catch (error) {
      context.signal.throwIfAborted();
      throw smtpFailure(error);
    } finally {
      transport.close();
    }
  }

  #transport(stepMs: number) {
    const { host, port, tls } = this.#config;
    return createTransport({
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      connectionTimeout: stepMs,
      greetingTimeout: stepMs,
      dnsTimeout: stepMs,
      socketTimeout: stepMs,
      ...(this.#auth === undefined ? {} : { auth: this.#auth }),
    });
  }
}

/** nodemailer knows no signal: its connection ends by its own timeouts, and nobody waits for it any more. */
async function untilAborted<T>(sending: Promise<T>, signal: AbortSignal, leftMs: number): Promise<T> {
  sending.catch(() => undefined);
  const over = Promise.withResolvers<never>();
  const end = (): void => over.reject(signal.reason);
  const timer = setTimeout(() => over.reject({ code: 'ETIMEDOUT', command: 'DATA' }), leftMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([sending, over.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** The same message has the same name, so mail programs and many servers show a repeat once. */
const messageIdOf = (key: string, from: string): string =>
  `<${createHash('sha256').update(`firebreak:${key}`).digest('hex').slice(0, 40)}@${from.slice(from.indexOf('@') + 1)}>`;

const textOf = ({ body, link }: Notice): string => (link === undefined ? `${body}\n` : `${body}\n\n${link}\n`);

export const email = (config: EmailConfig) => (): Notifier => new Email(config);

export const plugin: Plugin<EmailConfig, unknown, Notifier> = {
  manifest: {
    kind: 'notifier',
    name: 'email',
    contractVersion: CONTRACT_VERSION,
    summary: 'Plain text mail over SMTP, one mail thread per incident',
    capabilities: ['deduplicates', 'updates', 'resolves'],
    irreversible: ['send', 'update', 'resolve'],
    configSchema: z.toJSONSchema(emailSchema, { io: 'input' }),
  },
  parse: parseEmailConfig,
  create: email,
};
