import { readFileSync } from 'node:fs';
import type * as Pkcs11js from 'pkcs11js';
import { CKM_EC_EDWARDS_KEY_PAIR_GEN } from '../../plugins/keystore/pkcs11/edwards.ts';
import { loadLibrary, loadPkcs11js, type Pkcs11Library, reinitialise } from '../../plugins/keystore/pkcs11/library.ts';
import { findSlot } from '../../plugins/keystore/pkcs11/slot.ts';
import type { FreshToken } from './soft-hsm.ts';

/** DER of curve names, as CKA_EC_PARAMS has them. */
const CURVES = {
  ed25519: '06032b6570',
  'P-256': '06082a8648ce3d030107',
  secp256k1: '06052b8104000a',
} as const;

/** What somebody does to a token with the vendor's tools, beside our own code. */
export class Workshop {
  readonly #library: Pkcs11Library;
  readonly #session: Pkcs11js.Handle;

  private constructor(library: Pkcs11Library, session: Pkcs11js.Handle) {
    this.#library = library;
    this.#session = session;
  }

  /** Looks at the slots afresh, which ends every session of this process. */
  static async open({ config, token }: FreshToken): Promise<Workshop> {
    const library = await loadLibrary(config.module, loadPkcs11js);
    reinitialise(library, config.module);
    const { calls, names } = library;
    const session = calls.C_OpenSession(
      findSlot(library, config.token).handle,
      names.CKF_SERIAL_SESSION | names.CKF_RW_SESSION,
    );
    calls.C_Login(session, names.CKU_USER, readFileSync(token.pinFile, 'utf8').trim());
    return new Workshop(library, session);
  }

  /** A pair on a curve; `change` is what its private half has that is unlike a good key. */
  curve(label: string, curve: keyof typeof CURVES, change: Readonly<Record<string, boolean>> = {}, id = label) {
    const { names } = this.#library;
    const parameters = { type: names.CKA_EC_PARAMS, value: Buffer.from(CURVES[curve], 'hex') };
    const mechanism = curve === 'ed25519' ? CKM_EC_EDWARDS_KEY_PAIR_GEN : names.CKM_EC_KEY_PAIR_GEN;
    return this.#pair(mechanism, label, id, [parameters], change);
  }

  rsa(label: string) {
    const { names } = this.#library;
    const size = [
      { type: names.CKA_MODULUS_BITS, value: 2_048 },
      { type: names.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ];
    return this.#pair(names.CKM_RSA_PKCS_KEY_PAIR_GEN, label, label, size, {});
  }

  destroy(handle: Pkcs11js.Handle): void {
    this.#library.calls.C_DestroyObject(this.#session, handle);
  }

  /** Puts another id on an object, as an import under a wrong one does. */
  relabel(handle: Pkcs11js.Handle, id: string): void {
    const { names } = this.#library;
    this.#library.calls.C_SetAttributeValue(this.#session, handle, [{ type: names.CKA_ID, value: Buffer.from(id) }]);
  }

  /** Attributes of the private key with this label, by their names; a refusal of the token as its text. */
  attributes(
    label: string,
    ...wanted: readonly ('CKA_SENSITIVE' | 'CKA_EXTRACTABLE' | 'CKA_MODIFIABLE' | 'CKA_VALUE')[]
  ) {
    const { calls, names } = this.#library;
    calls.C_FindObjectsInit(this.#session, [
      { type: names.CKA_CLASS, value: names.CKO_PRIVATE_KEY },
      { type: names.CKA_LABEL, value: label },
    ]);
    const [handle = Buffer.alloc(0)] = calls.C_FindObjects(this.#session, 1);
    calls.C_FindObjectsFinal(this.#session);
    const read = (name: (typeof wanted)[number]): unknown => {
      try {
        const value = calls.C_GetAttributeValue(this.#session, handle, [{ type: names[name] }])[0]?.value;
        return Buffer.isBuffer(value) ? value[0] === 1 : undefined;
      } catch (error) {
        return error instanceof Error ? error.message : undefined;
      }
    };
    return Object.fromEntries(wanted.map((name) => [name, read(name)]));
  }

  /** Ends the session, and with the last one of the process the login. */
  close(): void {
    this.#library.calls.C_CloseSession(this.#session);
  }

  #pair(
    mechanism: number,
    label: string,
    id: string,
    parameters: Pkcs11js.Template,
    change: Readonly<Record<string, boolean>>,
  ): Pkcs11js.KeyPair {
    const { calls, names } = this.#library;
    const flags = { CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_SIGN: true, ...change };
    const both = [
      { type: names.CKA_TOKEN, value: true },
      { type: names.CKA_LABEL, value: label },
      { type: names.CKA_ID, value: Buffer.from(id) },
    ];
    return calls.C_GenerateKeyPair(
      this.#session,
      { mechanism },
      [...both, ...parameters, { type: names.CKA_VERIFY, value: true }],
      [
        ...both,
        { type: names.CKA_PRIVATE, value: true },
        ...Object.entries(flags).map(([name, value]) => ({ type: Number(Reflect.get(names, name)), value })),
      ],
    );
  }
}
