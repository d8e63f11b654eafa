import { z } from 'zod';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { TermsSource } from '../../../domain/ports/terms-source.ts';
import type { TermsComponents } from '../components.ts';
import { parseSignedRegistryConfig, type SignedRegistryConfig, signedRegistrySchema } from './config.ts';
import { SignedRegistry } from './registry.ts';

export const signedRegistry =
  (config: SignedRegistryConfig) =>
  (components: TermsComponents): TermsSource =>
    new SignedRegistry(config, components);

export const plugin: Plugin<SignedRegistryConfig, TermsComponents, TermsSource> = {
  manifest: {
    kind: 'terms',
    name: 'signed-registry',
    contractVersion: CONTRACT_VERSION,
    summary: 'Terms that their owners signed, one file per vault, checked whenever they are read',
    capabilities: ['durable', 'owner-signed'],
    irreversible: [],
    configSchema: z.toJSONSchema(signedRegistrySchema, { io: 'input' }),
  },
  parse: parseSignedRegistryConfig,
  create: signedRegistry,
};
