import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { headlineOf, inertNotice, type Notice } from '../../../domain/notification/notice.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import type { DeliveryReceipt, Notifier } from '../../../domain/ports/notifier.ts';
import { exchange, failure, statusFailure } from '../http.ts';
import { readNotifierSecret } from '../secret.ts';
import { parseWebhookConfig, type WebhookConfig, webhookSchema } from './config.ts';

/** Messages for whatever can read JSON. Signed with the time of the attempt, in the form that our own alert source takes. */
class Webhook implements Notifier {
  readonly route: string;
  readonly #config: WebhookConfig;
  #secret: string | undefined;

  constructor(config: WebhookConfig) {
    this.#config = config;
    this.route = `webhook:${new URL(config.url).host}`.slice(0, 200);
  }

  async start(): Promise<void> {
    this.#secret = await readNotifierSecret(this.#config.secret, 'webhook');
  }

  async stop(): Promise<void> {
    this.#secret = undefined;
  }

  describe(): Readonly<Record<string, string>> {
    return { host: new URL(this.#config.url).host };
  }

  send = (notice: Notice, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#post('send', notice, notice.thread, context);

  update = (notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#post('update', notice, first.reference, context);

  resolve = (notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#post('resolve', notice, first.reference, context);

  async #post(event: string, given: Notice, thread: string, context: EffectContext): Promise<DeliveryReceipt> {
    if (this.#secret === undefined) throw failure('unavailable.notifier-down', 'webhook', 'is not started');
    const notice = inertNotice(given);
    const { severity, exercise, title, body: text, issuedAtMs, link } = notice;
    const { idempotencyKey: key } = context;
    const headline = headlineOf(notice);
    const body = JSON.stringify({
      version: 1,
      event,
      key,
      thread,
      severity,
      exercise,
      headline,
      title,
      text,
      issuedAt: new Date(issuedAtMs).toISOString(),
      ...(link === undefined ? {} : { link }),
    });
    const seconds = Math.floor(Date.now() / 1_000);
    const signature = createHmac('sha256', this.#secret).update(`v1:${seconds}:`).update(body).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'firebreak-timestamp': String(seconds),
      'firebreak-signature': `v1=${signature}`,
    };
    const answer = await exchange('webhook', { url: this.#config.url, headers, body }, context);
    const refused = statusFailure('webhook', answer);
    if (refused !== undefined) throw refused;
    return { route: this.route, reference: thread, state: 'accepted', exercise, atMs: Date.now(), missed: 0 };
  }
}

export const webhook = (config: WebhookConfig) => (): Notifier => new Webhook(config);

export const plugin: Plugin<WebhookConfig, unknown, Notifier> = {
  manifest: {
    kind: 'notifier',
    name: 'webhook',
    contractVersion: CONTRACT_VERSION,
    summary: 'Messages as JSON to any address, signed by HMAC-SHA256 with the time',
    capabilities: ['deduplicates', 'updates', 'resolves', 'signed'],
    irreversible: [],
    configSchema: z.toJSONSchema(webhookSchema, { io: 'input' }),
  },
  parse: parseWebhookConfig,
  create: webhook,
};
