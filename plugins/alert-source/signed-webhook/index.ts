import { z } from 'zod';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { AlertSource } from '../../../domain/ports/alert-source.ts';
import { readSecrets } from '../secret.ts';
import { parseSignedWebhookConfig, type SignedWebhookConfig, signedWebhookSchema } from './config.ts';
import { parseSignedWebhook } from './payload.ts';
import { judgeSignature } from './signature.ts';

export const signedWebhook = (config: SignedWebhookConfig) => (): AlertSource => {
  let secrets: readonly string[] = [];
  return {
    start: async () => {
      secrets = await readSecrets(config.secrets);
    },
    authenticate: (delivery) => judgeSignature(delivery, secrets, config.windowSeconds),
    parse: ({ body }) => parseSignedWebhook(body),
  };
};

export const plugin: Plugin<SignedWebhookConfig, unknown, AlertSource> = {
  manifest: {
    kind: 'alert-source',
    name: 'signed-webhook',
    contractVersion: CONTRACT_VERSION,
    summary: 'Our own form of alert, signed by HMAC-SHA256 with a replay window',
    capabilities: ['groups', 'resolves', 'signed', 'replay-window'],
    irreversible: [],
    configSchema: z.toJSONSchema(signedWebhookSchema, { io: 'input' }),
  },
  parse: parseSignedWebhookConfig,
  create: signedWebhook,
};
