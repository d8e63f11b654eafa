import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';

export const folderSchema = z.strictObject({
  folder: z
    .string()
    .min(1)
    .max(1000)
    .default('blobs')
    .describe('where the blobs lie; relative to the data folder of the process'),
});
export type FolderConfig = z.infer<typeof folderSchema>;

export const parseFolderConfig = (input: unknown, where: ConfigLocation): FolderConfig =>
  parseSection(folderSchema, input, where);
