import type * as Pkcs11js from 'pkcs11js';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Pkcs11Library } from './library.ts';
import { CKR, ckrOf, ckrText } from './return-values.ts';
import { findSlot, type TokenWanted } from './slot.ts';
import { TAG_BYTES } from '../sealed-bytes.ts';
import { findKey, type TokenKey } from './token-key.ts';

/** A logged-in session. Every call is synchronous, so no two operations of it can mix. */
export class TokenSession {
  readonly #library: Pkcs11Library;
  readonly #handle: Pkcs11js.Handle;

  private constructor(library: Pkcs11Library, handle: Pkcs11js.Handle) {
    this.#library = library;
    this.#handle = handle;
  }

  /** One attempt. Throws `unavailable.token-absent`, `input.keystore-pin`, `policy.keystore-pin-locked`, `unavailable.keystore-locked`. */
  static open(library: Pkcs11Library, config: { readonly token: TokenWanted }, pin: string): TokenSession {
    const { calls, names } = library;
    const slot = findSlot(library, config.token);
    // Nobody is locked out by a machine that restarts: the last try belongs to a person.
    if ((slot.info.flags & (names.CKF_USER_PIN_LOCKED | names.CKF_USER_PIN_FINAL_TRY)) !== 0) {
      throw new FirebreakFailure(
        'policy.keystore-pin-locked',
        `token ${slot.info.label.trimEnd()}: the user PIN is locked, or one wrong try away from it`,
      );
    }
    let handle: Pkcs11js.Handle | undefined;
    try {
      handle = calls.C_OpenSession(slot.handle, names.CKF_SERIAL_SESSION | names.CKF_RW_SESSION);
      calls.C_Login(handle, names.CKU_USER, pin);
    } catch (error) {
      // Login belongs to the process, not to the session: another instance may have done it.
      if (handle === undefined || ckrOf(error) !== CKR.USER_ALREADY_LOGGED_IN) {
        if (handle !== undefined) closeQuietly(library, handle);
        throw loginFailure(error, slot.info.label.trimEnd());
      }
    }
    return new TokenSession(library, handle);
  }

  findKey(label: string): TokenKey | undefined {
    return findKey(this.#library, this.#handle, label);
  }

  use<T>(run: (library: Pkcs11Library, session: Pkcs11js.Handle) => T): T {
    return run(this.#library, this.#handle);
  }

  encrypt(key: TokenKey, iv: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
    const { calls } = this.#library;
    calls.C_EncryptInit(this.#handle, this.#gcm(iv, aad), key.handle);
    return Uint8Array.from(calls.C_Encrypt(this.#handle, Buffer.from(plain), Buffer.alloc(plain.length + TAG_BYTES)));
  }

  decrypt(key: TokenKey, iv: Uint8Array, aad: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array {
    const { calls } = this.#library;
    calls.C_DecryptInit(this.#handle, this.#gcm(iv, aad), key.handle);
    const room = Buffer.alloc(ciphertextAndTag.length);
    try {
      return Uint8Array.from(calls.C_Decrypt(this.#handle, Buffer.from(ciphertextAndTag), room));
    } finally {
      room.fill(0);
    }
  }

  /** Whether session, login and key still answer; tells a lost token from a damaged ciphertext where the return value does not. */
  isAlive(key: TokenKey, label: string): boolean {
    try {
      return this.findKey(label)?.id === key.id;
    } catch {
      return false;
    }
  }

  destroyKey(key: TokenKey): void {
    this.#library.calls.C_DestroyObject(this.#handle, key.handle);
  }

  close(): void {
    closeQuietly(this.#library, this.#handle);
  }

  #gcm(iv: Uint8Array, aad: Uint8Array): Pkcs11js.Mechanism {
    const { names } = this.#library;
    const parameter: Pkcs11js.AesGCM = {
      type: names.CK_PARAMS_AES_GCM,
      iv: Buffer.from(iv),
      ivBits: iv.length * 8,
      aad: Buffer.from(aad),
      tagBits: TAG_BYTES * 8,
    };
    return { mechanism: names.CKM_AES_GCM, parameter };
  }
}

function closeQuietly(library: Pkcs11Library, handle: Pkcs11js.Handle): void {
  try {
    library.calls.C_CloseSession(handle);
  } catch {
    // already gone with its token
  }
}

const WRONG_PIN: readonly (number | undefined)[] = [
  CKR.PIN_INCORRECT,
  CKR.PIN_INVALID,
  CKR.PIN_LEN_RANGE,
  CKR.PIN_EXPIRED,
  CKR.USER_PIN_NOT_INITIALIZED,
];

function loginFailure(error: unknown, token: string): FirebreakFailure {
  const code = ckrOf(error);
  if (code === CKR.PIN_LOCKED)
    return new FirebreakFailure('policy.keystore-pin-locked', `token ${token}: the user PIN is locked`);
  if (WRONG_PIN.includes(code))
    return new FirebreakFailure('input.keystore-pin', `token ${token} refuses the PIN (${ckrText(error)})`);
  return new FirebreakFailure('unavailable.keystore-locked', `token ${token} gives no session (${ckrText(error)})`);
}
