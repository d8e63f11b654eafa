import { z } from 'zod';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { BlobStore } from '../../../domain/ports/blob-store.ts';
import { type FolderConfig, folderSchema, parseFolderConfig } from './config.ts';
import { FolderBlobStore } from './store.ts';

export type FolderComponents = { /** Data folder of the process. */ readonly dir: string };

export const folder =
  (config: FolderConfig) =>
  (components: FolderComponents): BlobStore =>
    new FolderBlobStore(config, components);

export const plugin: Plugin<FolderConfig, FolderComponents, BlobStore> = {
  manifest: {
    kind: 'blob',
    name: 'folder',
    contractVersion: CONTRACT_VERSION,
    summary: 'Blobs as files named by their SHA-256, in one folder',
    capabilities: ['durable', 'shared-by-path'],
    irreversible: [],
    configSchema: z.toJSONSchema(folderSchema, { io: 'input' }),
  },
  parse: parseFolderConfig,
  create: folder,
};
