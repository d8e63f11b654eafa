import { z } from 'zod';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { AlertSource } from '../../../domain/ports/alert-source.ts';
import { judgeBearer } from '../bearer.ts';
import { judgeClient } from '../client-certificate.ts';
import { readSecrets } from '../secret.ts';
import { type AlertmanagerConfig, alertmanagerSchema, parseAlertmanagerConfig } from './config.ts';
import { parseAlertmanager } from './payload.ts';

/**
 * Alertmanager signs nothing (its issue 4248): whoever holds the token, or the key of a client certificate, speaks for it. A token goes over
 * TLS or loopback.
 */
export const alertmanager = (config: AlertmanagerConfig) => (): AlertSource => {
  let secrets: readonly string[] = [];
  return {
    start: async () => {
      secrets = await readSecrets(config.secrets);
    },
    authenticate: (delivery) => {
      if (config.clients === undefined) return judgeBearer(delivery, secrets);
      const client = judgeClient(delivery, config.clients);
      return client.ok && config.secrets.length > 0 ? judgeBearer(delivery, secrets) : client;
    },
    parse: ({ body }) => parseAlertmanager(body),
  };
};

export const plugin: Plugin<AlertmanagerConfig, unknown, AlertSource> = {
  manifest: {
    kind: 'alert-source',
    name: 'alertmanager',
    contractVersion: CONTRACT_VERSION,
    summary: 'Webhooks of Prometheus Alertmanager, version 4, with a bearer token or a client certificate',
    capabilities: ['groups', 'resolves'],
    irreversible: [],
    configSchema: z.toJSONSchema(alertmanagerSchema, { io: 'input' }),
  },
  parse: parseAlertmanagerConfig,
  create: alertmanager,
};
