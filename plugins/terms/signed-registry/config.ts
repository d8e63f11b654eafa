import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';

export const signedRegistrySchema = z.strictObject({
  folder: z
    .string()
    .min(1)
    .max(1000)
    .default('terms')
    .describe('where the signed terms lie; relative to the data folder of the process'),
});
export type SignedRegistryConfig = z.infer<typeof signedRegistrySchema>;

export const parseSignedRegistryConfig = (input: unknown, where: ConfigLocation): SignedRegistryConfig =>
  parseSection(signedRegistrySchema, input, where);
