import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';
import { credentialName, environmentVariable, filePath, type SecretSource } from '../../keystore/secret-source.ts';
import { httpAddress } from '../address.ts';
import { requireSecretPlace } from '../secret.ts';

export const pagerdutySchema = z.strictObject({
  routing_key_env: environmentVariable().optional().describe('variable that holds the integration key (Events API v2)'),
  routing_key_file: filePath().optional().describe('file that holds the integration key, readable by its owner only'),
  routing_key_credential: credentialName().optional().describe('systemd credential that holds the integration key'),
  endpoint: httpAddress()
    .default('https://events.pagerduty.com/v2/enqueue')
    .describe('for the EU region: https://events.eu.pagerduty.com/v2/enqueue'),
  source: z
    .string()
    .regex(/^[\x21-\x7e]{1,100}$/, 'write one word')
    .default('firebreak')
    .describe('what the alert says it comes from'),
});
export type PagerdutyConfig = {
  readonly routingKey: SecretSource;
  readonly endpoint: string;
  readonly source: string;
};

export function parsePagerdutyConfig(input: unknown, where: ConfigLocation): PagerdutyConfig {
  const section = parseSection(pagerdutySchema, input, where);
  return {
    routingKey: requireSecretPlace('routing_key', section, input, where),
    endpoint: section.endpoint,
    source: section.source,
  };
}
