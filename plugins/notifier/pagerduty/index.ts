import { z } from 'zod';
import { headlineOf, inertNotice, type Notice } from '../../../domain/notification/notice.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import type { DeliveryReceipt, Notifier } from '../../../domain/ports/notifier.ts';
import { exchange, failure, statusFailure } from '../http.ts';
import { readNotifierSecret } from '../secret.ts';
import { type PagerdutyConfig, pagerdutySchema, parsePagerdutyConfig } from './config.ts';

/** PagerDuty's four; it picks urgency and sound from them. */
const SEVERITY = { SEV1: 'critical', SEV2: 'error', SEV3: 'warning', SEV4: 'info' } as const;
const SUMMARY_CHARACTERS_MAX = 1_024;

/**
 * Events API v2: one alert per thread, whatever is sent twice, because the thread is the `dedup_key`. An answer of 202 means that PagerDuty
 * has taken the event, not that a telephone has rung: the receipt says `accepted`.
 */
class Pagerduty implements Notifier {
  readonly route = 'pagerduty';
  readonly #config: PagerdutyConfig;
  #routingKey: string | undefined;

  constructor(config: PagerdutyConfig) {
    this.#config = config;
  }

  async start(): Promise<void> {
    this.#routingKey = await readNotifierSecret(this.#config.routingKey, 'pagerduty');
  }

  async stop(): Promise<void> {
    this.#routingKey = undefined;
  }

  describe(): Readonly<Record<string, string>> {
    return { endpoint: this.#config.endpoint };
  }

  send = (notice: Notice, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#event('trigger', notice, notice.thread, context);

  /** A further trigger with the same key: it stands in the log of the alert and rings nobody again. */
  update = (notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#event('trigger', notice, first.reference, context);

  resolve = (notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> =>
    this.#event('resolve', notice, first.reference, context);

  async #event(
    action: 'trigger' | 'resolve',
    given: Notice,
    dedupKey: string,
    context: EffectContext,
  ): Promise<DeliveryReceipt> {
    if (this.#routingKey === undefined) throw failure('unavailable.notifier-down', 'pagerduty', 'is not started');
    const notice = inertNotice(given);
    const body = JSON.stringify({
      routing_key: this.#routingKey,
      event_action: action,
      dedup_key: dedupKey,
      client: 'Firebreak',
      ...(notice.link === undefined
        ? {}
        : { client_url: notice.link, links: [{ href: notice.link, text: 'Incident' }] }),
      payload: {
        summary: [...headlineOf(notice)].slice(0, SUMMARY_CHARACTERS_MAX).join(''),
        source: this.#config.source,
        severity: SEVERITY[notice.severity],
        timestamp: new Date(notice.issuedAtMs).toISOString(),
        custom_details: { text: notice.body, exercise: notice.exercise, severity: notice.severity },
      },
    });
    const headers = { 'content-type': 'application/json' };
    const answer = await exchange('pagerduty', { url: this.#config.endpoint, headers, body }, context);
    const refused = statusFailure('pagerduty', answer);
    if (refused !== undefined) throw refused;
    const { exercise } = notice;
    return { route: this.route, reference: dedupKey, state: 'accepted', exercise, atMs: Date.now(), missed: 0 };
  }
}

export const pagerduty = (config: PagerdutyConfig) => (): Notifier => new Pagerduty(config);

export const plugin: Plugin<PagerdutyConfig, unknown, Notifier> = {
  manifest: {
    kind: 'notifier',
    name: 'pagerduty',
    contractVersion: CONTRACT_VERSION,
    summary: 'Pages over PagerDuty’s Events API v2, one alert per incident',
    capabilities: ['pages', 'deduplicates', 'updates', 'resolves'],
    irreversible: [],
    configSchema: z.toJSONSchema(pagerdutySchema, { io: 'input' }),
  },
  parse: parsePagerdutyConfig,
  create: pagerduty,
};
