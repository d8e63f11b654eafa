import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';
import { credentialName, environmentVariable, filePath, type SecretSource } from '../../keystore/secret-source.ts';
import { httpAddress } from '../address.ts';
import { requireSecretPlace } from '../secret.ts';

export const slackSchema = z.strictObject({
  channel: z
    .string()
    .regex(/^[CG][A-Z0-9]{5,20}$/, 'write the id of the channel, such as C0123456789, not its name')
    .describe('id of the channel; the app must be a member of it'),
  token_env: environmentVariable().optional().describe('variable that holds the bot token (xoxb-…)'),
  token_file: filePath().optional().describe('file that holds the bot token, readable by its owner only'),
  token_credential: credentialName().optional().describe('systemd credential that holds the bot token'),
  api: httpAddress().default('https://slack.com/api').describe('where the Web API is'),
});
export type SlackConfig = { readonly channel: string; readonly token: SecretSource; readonly api: string };

export function parseSlackConfig(input: unknown, where: ConfigLocation): SlackConfig {
  const section = parseSection(slackSchema, input, where);
  const token = requireSecretPlace('token', section, input, where);
  return { channel: section.channel, token, api: section.api.replace(/\/+$/, '') };
}
