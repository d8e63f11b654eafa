import { join } from 'node:path';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { PortHealth } from '../../../domain/ports/context.ts';
import type { KeyStore, SealLabel } from '../../../domain/ports/keystore.ts';
import { configFailure } from '../../config-failure.ts';
import { openInSoftware, sealInSoftware } from '../aes-gcm.ts';
import { type KeystoreComponents, openRecorded } from '../components.ts';
import { KeyMarker, type Marker } from '../key-marker.ts';
import { readSecret } from '../secret-source.ts';
import type { AgeLock } from './age.ts';
import type { SealedFileConfig } from './config.ts';
import { readIdentities } from './identity-file.ts';
import { destroyKeyFile, type FileKey, makeKeyFile, openKeyFile, relockKeyFile } from './key-file.ts';

/**
 * One age file per data folder holds a random key, opened once at start; secrets are sealed under it by AES-256-GCM with their
 * label as associated data. So the slow passphrase is paid once per start and not once per signature.
 */
export class SealedFileKeyStore implements KeyStore {
  readonly kind = 'sealed-file';
  readonly #config: SealedFileConfig;
  readonly #recordUse: KeystoreComponents['recordUse'];
  readonly #warn: KeystoreComponents['warn'];
  readonly #path: string;
  readonly #marker: KeyMarker;
  #open: FileKey | undefined;
  #destroyed = false;

  constructor(config: SealedFileConfig, components: KeystoreComponents) {
    this.#config = config;
    this.#recordUse = components.recordUse;
    this.#warn = components.warn;
    this.#path = join(components.dir, 'keystore.age');
    this.#marker = new KeyMarker(components.dir, this.kind);
  }

  async start(): Promise<void> {
    try {
      const known = await this.#marker.inUse();
      const lock = await this.#lock();
      const found = await openKeyFile(this.#path, lock);
      if (known !== undefined && known.key !== found?.name) throw this.#marker.missing(this.#path);
      const recipients = lock.by === 'passphrase' ? undefined : [...lock.recipients].sort();
      const asBefore = isSame(known?.recipients, recipients);
      const opened = asBefore && found !== undefined ? found : await this.#writeKeyFile(lock, found);
      if (known !== undefined && !asBefore) this.#tellChange(known.recipients, recipients);
      if (known === undefined || !asBefore) await this.#marker.use(opened.name, recipients);
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
    const { unlock } = this.#config;
    const further = unlock.by === 'passphrase' ? [] : unlock.recipients;
    return {
      file: this.#path,
      unlockedBy: unlock.by,
      ...Object.fromEntries(further.map((recipient, index) => [`recipient${index + 1}`, recipient])),
    };
  }

  /** Whoever can write the configuration could add a recipient of their own: its operator hears of it, once the key file is theirs too. */
  #tellChange(before: Marker['recipients'], after: Marker['recipients']): void {
    this.#warn?.(
      {
        file: this.#path,
        before: typeof before === 'string' ? 'not remembered by the build that wrote it' : (before ?? 'a passphrase'),
        after: after ?? 'a passphrase',
      },
      'the key file is encrypted to other recipients than before: whoever has the identity of one opens what this validator seals',
    );
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
    const { identities, recipients } = await readIdentities(unlock);
    return { by: 'identities', identities, recipients: [...new Set([...recipients, ...unlock.recipients])] };
  }

  /** For whoever `lock` names: a new key, or the one that is there. A recipient can be spelt well and still be none that age can encrypt to. */
  async #writeKeyFile(lock: AgeLock, found: FileKey | undefined): Promise<FileKey> {
    const { unlock } = this.#config;
    try {
      return await (found === undefined ? makeKeyFile(this.#path, lock) : relockKeyFile(this.#path, found, lock));
    } catch (error) {
      if (error instanceof FirebreakFailure || unlock.by === 'passphrase') throw error;
      throw configFailure(unlock.where, ['recipients'], 'one of them is no key that age can encrypt to; remove it');
    }
  }
}

/** Whoever is added to the recipients, or taken from them, has the key file written again at the next start. */
function isSame(before: Marker['recipients'], now: readonly string[] | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  return (typeof before === 'string' ? before : linesDigest(before)) === linesDigest(now);
}

const linesDigest = (lines: readonly string[]): string => sha256Hex(Buffer.from(lines.join('\n')));
