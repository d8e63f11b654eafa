import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';
import { credentialName, environmentVariable, filePath, type SecretSource } from '../../keystore/secret-source.ts';
import { httpAddress } from '../address.ts';
import { requireSecretPlace } from '../secret.ts';

export const webhookSchema = z.strictObject({
  url: httpAddress().describe('where messages are posted'),
  secret_env: environmentVariable().optional().describe('variable that holds the secret that signs messages'),
  secret_file: filePath().optional().describe('file that holds the secret, readable by its owner only'),
  secret_credential: credentialName().optional().describe('systemd credential that holds the secret'),
});
export type WebhookConfig = { readonly url: string; readonly secret: SecretSource };

export function parseWebhookConfig(input: unknown, where: ConfigLocation): WebhookConfig {
  const section = parseSection(webhookSchema, input, where);
  return { url: section.url, secret: requireSecretPlace('secret', section, input, where) };
}
