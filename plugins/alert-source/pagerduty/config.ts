import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';
import type { SecretSource } from '../../keystore/secret-source.ts';
import { secretFields, secretsOf } from '../secret.ts';
import type { TitleLabels } from './payload.ts';

export const pagerdutySchema = z.strictObject({
  ...secretFields,
  title_labels: z
    .record(z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/, 'write a label name'), z.string().min(1).max(100))
    .default({})
    .describe('label → text; the value is the word that follows that text in the title of the incident'),
});
export type PagerdutyConfig = { readonly secrets: readonly SecretSource[]; readonly titleLabels: TitleLabels };

export function parsePagerdutyConfig(input: unknown, where: ConfigLocation): PagerdutyConfig {
  const section = parseSection(pagerdutySchema, input, where);
  return { secrets: secretsOf(section, input, where), titleLabels: section.title_labels };
}
