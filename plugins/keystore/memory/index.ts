import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { KeyStore, SealLabel } from '../../../domain/ports/keystore.ts';
import { parseSection } from '../../config-failure.ts';
import { openInSoftware, sealInSoftware } from '../aes-gcm.ts';
import { type KeystoreComponents, openRecorded } from '../components.ts';

const schema = z.strictObject({});
export type MemoryKeystoreConfig = z.infer<typeof schema>;

class MemoryKeyStore implements KeyStore {
  readonly kind = 'memory';
  readonly #recordUse: KeystoreComponents['recordUse'];
  #key: KeyObject | undefined = createSecretKey(randomBytes(32));

  constructor(components: KeystoreComponents) {
    this.#recordUse = components.recordUse;
  }

  async seal(secret: Uint8Array, label: SealLabel): Promise<Uint8Array> {
    return sealInSoftware(this.#openKey(), secret, label);
  }

  unseal(sealed: Uint8Array, label: SealLabel, purpose: string): Promise<Uint8Array> {
    return openRecorded(this.#recordUse, label, purpose, async () => openInSoftware(this.#openKey(), sealed, label));
  }

  async destroy(): Promise<void> {
    this.#key = undefined;
  }

  #openKey(): KeyObject {
    if (this.#key !== undefined) return this.#key;
    throw new FirebreakFailure('policy.keystore-destroyed', 'the key of this keystore was destroyed');
  }
}

/** The reference that the compliance suite is read against: what it sealed is lost with the process. */
export const memory =
  (_config: MemoryKeystoreConfig) =>
  (components: KeystoreComponents): KeyStore => {
    if (components.bitcoinNetwork === 'mainnet') {
      throw new FirebreakFailure(
        'policy.memory-keystore-on-mainnet',
        'the in-memory keystore is refused on mainnet; use pkcs11',
      );
    }
    return new MemoryKeyStore(components);
  };

export const plugin: Plugin<MemoryKeystoreConfig, KeystoreComponents, KeyStore> = {
  manifest: {
    kind: 'keystore',
    name: 'memory',
    contractVersion: CONTRACT_VERSION,
    summary: 'A key in this process only, for tests and for outside authors to compare with',
    capabilities: [],
    irreversible: ['destroy'],
    configSchema: z.toJSONSchema(schema, { io: 'input' }),
  },
  parse: (input, where) => parseSection(schema, input, where),
  create: memory,
};
