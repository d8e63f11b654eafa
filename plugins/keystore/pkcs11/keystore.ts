import { randomBytes } from 'node:crypto';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { PortHealth } from '../../../domain/ports/context.ts';
import type { KeyStore, SealLabel } from '../../../domain/ports/keystore.ts';
import { type KeystoreComponents, openRecorded } from '../components.ts';
import { KeyMarker } from '../key-marker.ts';
import { sealLabelBytes } from '../seal-label.ts';
import { checkSecretSize, IV_BYTES, packSealed, sealedDamaged, unpackSealed } from '../sealed-bytes.ts';
import { readSecret } from '../secret-source.ts';
import type { Pkcs11Config } from './config.ts';
import { initialise, loadLibrary, type LoadPkcs11js, type Pkcs11Library, reinitialise } from './library.ts';
import { PinMemory } from './pin-memory.ts';
import { isLost } from './return-values.ts';
import { TokenSession } from './session.ts';
import { generateKey, type TokenKey } from './token-key.ts';

type Opened = { readonly session: TokenSession; readonly key: TokenKey };

const LOOK_AFRESH: readonly (string | undefined)[] = [
  'unavailable.token-absent',
  'unavailable.keystore-locked',
  'policy.keystore-key-missing',
];

const codeOf = (error: unknown): string | undefined => (error instanceof FirebreakFailure ? error.code : undefined);

/**
 * Secrets sealed by an AES-256 key that never leaves the token. A lost session costs the call that met it
 * (`unavailable.keystore-locked`); the next call opens again, once.
 */
export class Pkcs11KeyStore implements KeyStore {
  readonly kind = 'pkcs11';
  readonly #config: Pkcs11Config;
  readonly #recordUse: KeystoreComponents['recordUse'];
  readonly #load: LoadPkcs11js;
  readonly #marker: KeyMarker;
  readonly #pins = new PinMemory();
  #library: Pkcs11Library | undefined;
  #opened: Opened | undefined;
  #opening: Promise<Opened> | undefined;
  #stopped = false;

  constructor(config: Pkcs11Config, components: KeystoreComponents, load: LoadPkcs11js) {
    this.#config = config;
    this.#recordUse = components.recordUse;
    this.#load = load;
    this.#marker = new KeyMarker(components.dir, this.kind);
  }

  async start(): Promise<void> {
    this.#stopped = false;
    await this.#open();
  }

  /** Closes our session only: logging out or finalising would end those of others in this process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#opening?.catch(() => undefined);
    this.#drop();
  }

  async seal(secret: Uint8Array, label: SealLabel): Promise<Uint8Array> {
    checkSecretSize(secret);
    const { session, key } = await this.#open();
    const iv = randomBytes(IV_BYTES);
    try {
      return packSealed(iv, session.encrypt(key, iv, sealLabelBytes(label), secret));
    } catch (error) {
      throw this.#lost(error);
    }
  }

  unseal(sealed: Uint8Array, label: SealLabel, purpose: string): Promise<Uint8Array> {
    return openRecorded(this.#recordUse, label, purpose, async () => {
      const { session, key } = await this.#open();
      const { iv, ciphertextAndTag } = unpackSealed(sealed, label);
      try {
        return session.decrypt(key, iv, sealLabelBytes(label), ciphertextAndTag);
      } catch (error) {
        // Tokens answer a wrong tag with different values; whoever tampers learns none of them.
        if (!isLost(error) && session.isAlive(key, this.#config.keyLabel)) throw sealedDamaged(label);
        throw this.#lost(error);
      }
    });
  }

  async destroy(): Promise<void> {
    const { session, key } = await this.#open();
    await this.#marker.markDestroyed(key.id);
    try {
      session.destroyKey(key);
    } catch (error) {
      throw this.#lost(error);
    }
    this.#drop();
  }

  async health(): Promise<PortHealth> {
    if (this.#opened === undefined) return { state: 'down', reason: 'no session with the token' };
    const { session, key } = this.#opened;
    return session.isAlive(key, this.#config.keyLabel)
      ? { state: 'ok' }
      : { state: 'degraded', reason: 'the session with the token is lost; the next use opens it again' };
  }

  describe(): Readonly<Record<string, string>> {
    const { token, module, keyLabel } = this.#config;
    return { module, token: token.by === 'label' ? token.label : `slot ${token.slot}`, key: keyLabel };
  }

  async #open(): Promise<Opened> {
    if (this.#stopped) throw new FirebreakFailure('unavailable.keystore-locked', 'the keystore is stopped');
    if (this.#opened !== undefined) return this.#opened;
    // Many calls at once share one attempt.
    this.#opening ??= this.#openOnce().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<Opened> {
    const known = await this.#marker.keyInUse();
    const pin = await readSecret(this.#config.pin);
    if (this.#pins.wasRefused(pin)) {
      throw new FirebreakFailure(
        'input.keystore-pin',
        'the token refused this PIN before; it is not tried again until it changes',
      );
    }
    try {
      this.#opened = await this.#login(pin, known);
      return this.#opened;
    } catch (error) {
      if (codeOf(error) === 'input.keystore-pin') this.#pins.refuse(pin);
      throw error;
    }
  }

  async #login(pin: string, known: string | undefined): Promise<Opened> {
    const path = this.#config.module;
    if (this.#library === undefined) {
      const library = await loadLibrary(path, this.#load);
      initialise(library, path);
      this.#library = library;
    }
    try {
      return await this.#openSession(this.#library, pin, known);
    } catch (error) {
      if (!LOOK_AFRESH.includes(codeOf(error))) throw error;
    }
    // A token that was away, or is new, may stay invisible to a library that is not initialised again.
    try {
      reinitialise(this.#library, path);
    } catch {
      // It worked once, so the configuration is right and what it points to is away.
      throw new FirebreakFailure('unavailable.token-absent', `${path} finds no tokens at the moment`);
    }
    return this.#openSession(this.#library, pin, known);
  }

  async #openSession(library: Pkcs11Library, pin: string, known: string | undefined): Promise<Opened> {
    const session = TokenSession.open(library, this.#config, pin);
    return { session, key: await this.#keyOf(session, known) };
  }

  async #keyOf(session: TokenSession, known: string | undefined): Promise<TokenKey> {
    try {
      const found = session.findKey(this.#config.keyLabel);
      if (known !== undefined && found?.id !== known)
        throw this.#marker.missing(`the token under the label ${this.#config.keyLabel}`);
      const key = found ?? session.use((library, handle) => generateKey(library, handle, this.#config.keyLabel));
      if (known === undefined) await this.#marker.use(key.id);
      return key;
    } catch (error) {
      session.close();
      throw error instanceof FirebreakFailure ? error : this.#lost(error);
    }
  }

  #lost(cause: unknown): FirebreakFailure {
    this.#drop();
    return new FirebreakFailure(
      'unavailable.keystore-locked',
      'the session with the token was lost; the next call opens it again',
      {},
      { cause },
    );
  }

  #drop(): void {
    this.#opened?.session.close();
    this.#opened = undefined;
  }
}
