import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { inertNotice, type Notice } from '../../../domain/notification/notice.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import type { DeliveryReceipt, Notifier } from '../../../domain/ports/notifier.ts';
import { failure } from '../http.ts';
import { readNotifierSecret } from '../secret.ts';
import { callSlack } from './api.ts';
import { parseSlackConfig, type SlackConfig, slackSchema } from './config.ts';
import { messageOf } from './message.ts';

/** Names our messages in Slack's message metadata. */
const EVENT_TYPE = 'firebreak_notice';
const LOOK_BACK_SECONDS = 3_600;
const MESSAGES_LOOKED_AT = 100;
const LOOK_MS_MAX = 3_000;

const posted = z.object({ ts: z.string().regex(/^\d{1,12}\.\d{1,8}$/) });
const found = z.object({
  messages: z.array(
    posted.extend({
      metadata: z
        .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) })
        .optional()
        .catch(undefined),
    }),
  ),
});

/**
 * One message per incident in one channel. What follows is told in its thread and to the channel, and the first message is edited to the
 * newest state. Slack has no idempotency key, so every message carries one in its metadata, and before posting the channel is asked for it.
 */
class Slack implements Notifier {
  readonly route = 'slack';
  readonly #config: SlackConfig;
  #token: string | undefined;

  constructor(config: SlackConfig) {
    this.#config = config;
  }

  async start(): Promise<void> {
    this.#token = await readNotifierSecret(this.#config.token, 'slack');
  }

  async stop(): Promise<void> {
    this.#token = undefined;
  }

  describe(): Readonly<Record<string, string>> {
    return { channel: this.#config.channel };
  }

  send = async (given: Notice, context: EffectContext): Promise<DeliveryReceipt> => {
    const notice = inertNotice(given);
    return this.#receipt(notice, await this.#postOnce(notice, undefined, context));
  };

  update = (given: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#follow(inertNotice(given), first, context);

  resolve = (given: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#follow(inertNotice(given), first, context);

  async #follow(notice: Notice, { reference }: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> {
    await this.#postOnce(notice, reference, context);
    try {
      const { channel } = this.#config;
      await callSlack(this.#at(), 'chat.update', { channel, ts: reference, ...messageOf(notice) }, context);
    } catch (error) {
      // People have been told; an old message that may not be edited any more is no reason to tell them again.
      if (!(error instanceof FirebreakFailure) || error.retryable) throw error;
    }
    return this.#receipt(notice, reference);
  }

  async #postOnce(notice: Notice, thread: string | undefined, context: EffectContext): Promise<string> {
    const at = this.#at();
    const { channel } = this.#config;
    // Bound to the token: nobody else in the channel can put a message there that we would take for ours.
    const key = createHmac('sha256', at.token).update(context.idempotencyKey).digest('hex');
    const before = await this.#lookFor(key, thread, context);
    if (before !== undefined) return before;
    const answer = await callSlack(
      at,
      'chat.postMessage',
      {
        channel,
        ...messageOf(notice),
        metadata: { event_type: EVENT_TYPE, event_payload: { key } },
        ...(thread === undefined ? {} : { thread_ts: thread, reply_broadcast: true }),
      },
      context,
    );
    const read = posted.safeParse(answer);
    if (read.success) return read.data.ts;
    throw failure('unknown-outcome.notifier-answer', 'slack', 'posted a message and did not say which');
  }

  /** An app that may not read the channel, or not so often, cannot look; then a message may be told twice, which is better than never. */
  async #lookFor(key: string, thread: string | undefined, context: EffectContext): Promise<string | undefined> {
    const query = new URLSearchParams({
      channel: this.#config.channel,
      include_all_metadata: 'true',
      limit: String(MESSAGES_LOOKED_AT),
      oldest: String(Math.floor(Date.now() / 1_000) - LOOK_BACK_SECONDS),
      ...(thread === undefined ? {} : { ts: thread }),
    });
    const { signal } = context;
    const soon = { signal, deadlineMs: Math.min(context.deadlineMs, Date.now() + LOOK_MS_MAX) };
    try {
      const method = thread === undefined ? 'conversations.history' : 'conversations.replies';
      const read = found.safeParse(await callSlack(this.#at(), method, query, soon));
      return read.data?.messages.find(
        ({ metadata }) => metadata?.event_type === EVENT_TYPE && metadata.event_payload['key'] === key,
      )?.ts;
    } catch (error) {
      if (error instanceof FirebreakFailure) return undefined;
      throw error;
    }
  }

  #at() {
    if (this.#token === undefined) throw failure('unavailable.notifier-down', 'slack', 'is not started');
    return { api: this.#config.api, token: this.#token };
  }

  #receipt({ exercise }: Notice, reference: string): DeliveryReceipt {
    return { route: this.route, reference, state: 'shown', exercise, atMs: Date.now(), missed: 0 };
  }
}

export const slack = (config: SlackConfig) => (): Notifier => new Slack(config);

export const plugin: Plugin<SlackConfig, unknown, Notifier> = {
  manifest: {
    kind: 'notifier',
    name: 'slack',
    contractVersion: CONTRACT_VERSION,
    summary: 'Messages in a Slack channel, one thread per incident, over the Web API',
    capabilities: ['deduplicates', 'updates', 'resolves'],
    irreversible: [],
    configSchema: z.toJSONSchema(slackSchema, { io: 'input' }),
  },
  parse: parseSlackConfig,
  create: slack,
};
