import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { PortHealth } from '../../../domain/ports/context.ts';
import type { KeyStore, SealLabel } from '../../../domain/ports/keystore.ts';
import { openInSoftware, sealInSoftware } from '../aes-gcm.ts';
import { type KeystoreComponents, openRecorded } from '../components.ts';
import { KeyMarker } from '../key-marker.ts';
import { readSecret } from '../secret-source.ts';
import { type AgeLock, identitiesIn } from './age.ts';
import type { SealedFileConfig } from './config.ts';
import { destroyKeyFile, type FileKey, makeKeyFile, openKeyFile } from './key-file.ts';

const IDENTITY_FILE_BYTES_MAX = 65_536;

/**
 * One age file per data folder holds a random key, opened once at start; secrets are sealed under it by AES-256-GCM with their
 * label as associated data. So the slow passphrase is paid once per start and not once per signature.
 */
export class SealedFileKeyStore implements KeyStore {
  readonly kind = 'sealed-file';
  readonly #config: SealedFileConfig;
  readonly #recordUse: KeystoreComponents['recordUse'];
  readonly #path: string;
  readonly #marker: KeyMarker;
  #open: FileKey | undefined;
  #destroyed = false;

  constructor(config: SealedFileConfig, components: KeystoreComponents) {
    this.#config = config;
    this.#recordUse = components.recordUse;
    this.#path = join(components.dir, 'keystore.age');
    this.#marker = new KeyMarker(components.dir, this.kind);
  }

  async start(): Promise<void> {
    try {
      const known = await this.#marker.keyInUse();
      const lock = await this.#lock();
      const found = await openKeyFile(this.#path, lock);
      if (found === undefined && known !== undefined) throw this.#marker.missing(this.#path);
      const opened = found ?? (await makeKeyFile(this.#path, lock));
      if (known !== undefined && known !== opened.name) throw this.#marker.missing(this.#path);
      if (known === undefined) await this.#marker.use(opened.name);
      this.#open = opened;
    } catch (error) {
      if (error instanceof FirebreakFailure && error.code === 'policy.keystore-destroyed') {
        this.#destroyed = true;
        await destroyKeyFile(this.#path); // a crash may have come between the mark and the deed
      }
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#open = undefined;
  }

  async seal(secret: Uint8Array, label: SealLabel): Promise<Uint8Array> {
    return sealInSoftware(this.#key().key, secret, label);
  }

  unseal(sealed: Uint8Array, label: SealLabel, purpose: string): Promise<Uint8Array> {
    return openRecorded(this.#recordUse, label, purpose, async () => openInSoftware(this.#key().key, sealed, label));
  }

  async destroy(): Promise<void> {
    await this.#marker.markDestroyed(this.#key().name);
    this.#destroyed = true;
    this.#open = undefined;
    await destroyKeyFile(this.#path);
  }

  async health(): Promise<PortHealth> {
    return this.#open === undefined ? { state: 'down', reason: 'the key file is not open' } : { state: 'ok' };
  }

  describe(): Readonly<Record<string, string>> {
    return { file: this.#path, unlockedBy: this.#config.unlock.by };
  }

  #key(): FileKey {
    if (this.#destroyed)
      throw new FirebreakFailure('policy.keystore-destroyed', `${this.#path}: the key of this keystore was destroyed`);
    if (this.#open === undefined)
      throw new FirebreakFailure('unavailable.keystore-locked', `${this.#path}: the key file is not open`);
    return this.#open;
  }

  async #lock(): Promise<AgeLock> {
    const { unlock } = this.#config;
    if (unlock.by === 'passphrase') {
      return { by: 'passphrase', passphrase: await readSecret(unlock.source), workFactor: unlock.workFactor };
    }
    const identities = await readIdentities(unlock.path);
    return { by: 'identities', identities, recipients: unlock.recipients };
  }
}

async function readIdentities(path: string): Promise<string[]> {
  const identities = identitiesIn(await readPrivateFile(path));
  if (identities.length > 0) return identities;
  throw new FirebreakFailure('input.keystore-identity-file', `${path}: holds no AGE-SECRET-KEY line`);
}

async function readPrivateFile(path: string): Promise<string> {
  try {
    const { mode, size } = await stat(path);
    if (size <= IDENTITY_FILE_BYTES_MAX && (process.platform === 'win32' || (mode & 0o077) === 0))
      return await readFile(path, 'utf8');
  } catch {
    // named below, like a file that others may read
  }
  throw new FirebreakFailure(
    'input.keystore-identity-file',
    `${path}: must be a readable file of this user alone (chmod 0400)`,
  );
}
