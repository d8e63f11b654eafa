import { z } from 'zod';
import { accept, refuse } from '../../../domain/errors/failure.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { AlertSource } from '../../../domain/ports/alert-source.ts';
import { anySame, hmacHex, readSecrets } from '../secret.ts';
import { type PagerdutyConfig, pagerdutySchema, parsePagerdutyConfig } from './config.ts';
import { parsePagerduty } from './payload.ts';

const SIGNATURES_MAX = 10;

/**
 * `X-PagerDuty-Signature: v1=<hex>,v1=<hex>`, one per secret of the subscription: HMAC-SHA256 over the body, nothing else. A replay
 * is therefore possible and harmless: the same incident at the same time is the same alert.
 */
export const pagerduty = (config: PagerdutyConfig) => (): AlertSource => {
  let secrets: readonly string[] = [];
  return {
    start: async () => {
      secrets = await readSecrets(config.secrets);
    },
    authenticate: ({ headers, body }) => {
      const given = (headers['x-pagerduty-signature'] ?? '')
        .split(',', SIGNATURES_MAX)
        .map((each) => /^\s*v1=([0-9a-f]{64})\s*$/.exec(each)?.[1] ?? '');
      const right = secrets.map((secret) => hmacHex(secret, body));
      return anySame(given, right)
        ? accept(true)
        : refuse('policy.alert-unauthenticated', 'the header x-pagerduty-signature is missing or wrong');
    },
    parse: ({ body }) => parsePagerduty(body, config.titleLabels),
  };
};

export const plugin: Plugin<PagerdutyConfig, unknown, AlertSource> = {
  manifest: {
    kind: 'alert-source',
    name: 'pagerduty',
    contractVersion: CONTRACT_VERSION,
    summary: 'Webhooks of PagerDuty, version 3, with verified signatures',
    capabilities: ['signed', 'resolves'],
    irreversible: [],
    configSchema: z.toJSONSchema(pagerdutySchema, { io: 'input' }),
  },
  parse: parsePagerdutyConfig,
  create: pagerduty,
};
