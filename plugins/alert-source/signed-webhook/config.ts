import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';
import type { SecretSource } from '../../keystore/secret-source.ts';
import { secretFields, secretsOf } from '../secret.ts';

export const signedWebhookSchema = z.strictObject({
  ...secretFields,
  window_seconds: z
    .int('write a whole number')
    .min(10, 'must be at least 10')
    .max(3_600, 'must be at most 3600')
    .default(300)
    .describe('how far the signed time may be from ours, in either direction'),
});
export type SignedWebhookConfig = { readonly secrets: readonly SecretSource[]; readonly windowSeconds: number };

export function parseSignedWebhookConfig(input: unknown, where: ConfigLocation): SignedWebhookConfig {
  const section = parseSection(signedWebhookSchema, input, where);
  return { secrets: secretsOf(section, input, where), windowSeconds: section.window_seconds };
}
