import { z } from 'zod';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { KeyStore } from '../../../domain/ports/keystore.ts';
import type { KeystoreComponents } from '../components.ts';
import { parseSealedFileConfig, type SealedFileConfig, sealedFileSchema } from './config.ts';
import { SealedFileKeyStore } from './keystore.ts';

/** Throws `policy.sealed-file-on-mainnet`. */
export const sealedFile =
  (config: SealedFileConfig) =>
  (components: KeystoreComponents): KeyStore => {
    if (components.bitcoinNetwork === 'mainnet') {
      throw new FirebreakFailure(
        'policy.sealed-file-on-mainnet',
        'sealed files are refused on mainnet; choose the pkcs11 keystore',
      );
    }
    return new SealedFileKeyStore(config, components);
  };

export const plugin: Plugin<SealedFileConfig, KeystoreComponents, KeyStore> = {
  manifest: {
    kind: 'keystore',
    name: 'sealed-file',
    contractVersion: CONTRACT_VERSION,
    summary: 'Secrets sealed under a key that an age file holds; for test networks',
    capabilities: ['durable'],
    irreversible: ['destroy'],
    configSchema: z.toJSONSchema(sealedFileSchema, { io: 'input' }),
  },
  parse: parseSealedFileConfig,
  create: sealedFile,
};
