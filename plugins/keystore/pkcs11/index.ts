import { z } from 'zod';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { KeyStore } from '../../../domain/ports/keystore.ts';
import type { KeystoreComponents } from '../components.ts';
import { parsePkcs11Config, type Pkcs11Config, pkcs11Schema } from './config.ts';
import { Pkcs11KeyStore } from './keystore.ts';
import { loadPkcs11js } from './library.ts';

export const pkcs11 =
  (config: Pkcs11Config, load = loadPkcs11js) =>
  (components: KeystoreComponents): KeyStore =>
    new Pkcs11KeyStore(config, components, load);

export const plugin: Plugin<Pkcs11Config, KeystoreComponents, KeyStore> = {
  manifest: {
    kind: 'keystore',
    name: 'pkcs11',
    contractVersion: CONTRACT_VERSION,
    summary: 'Secrets sealed by an AES key that never leaves a PKCS#11 token',
    capabilities: ['durable', 'hardware'],
    irreversible: ['destroy'],
    configSchema: z.toJSONSchema(pkcs11Schema, { io: 'input' }),
  },
  parse: parsePkcs11Config,
  create: (config) => pkcs11(config),
};
