import { randomBytes } from 'node:crypto';
import type * as Pkcs11js from 'pkcs11js';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Pkcs11Library } from './library.ts';

/** A key handle of one session, and the public name (CKA_ID, hex) by which the data folder remembers it. */
export type TokenKey = { readonly handle: Pkcs11js.Handle; readonly id: string };

/** Undefined when the token has no such key. Throws `input.keystore-token-ambiguous` or `policy.keystore-key-unfit`. */
export function findKey(library: Pkcs11Library, session: Pkcs11js.Handle, label: string): TokenKey | undefined {
  const { calls, names } = library;
  calls.C_FindObjectsInit(session, [
    { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
    { type: names.CKA_TOKEN, value: true },
    { type: names.CKA_LABEL, value: label },
  ]);
  let found: Pkcs11js.Handle[];
  try {
    found = calls.C_FindObjects(session, 2);
  } finally {
    calls.C_FindObjectsFinal(session);
  }
  const [handle] = found;
  if (handle === undefined) return undefined;
  if (found.length > 1)
    throw new FirebreakFailure('input.keystore-token-ambiguous', `several keys in the token have the label ${label}`);
  return { handle, id: checkedId(library, session, handle, label) };
}

/** AES-256, made inside, never readable outside: sensitive, not extractable, not modifiable. */
export function generateKey({ calls, names }: Pkcs11Library, session: Pkcs11js.Handle, label: string): TokenKey {
  const id = randomBytes(16);
  const handle = calls.C_GenerateKey(session, { mechanism: names.CKM_AES_KEY_GEN }, [
    { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
    { type: names.CKA_KEY_TYPE, value: names.CKK_AES },
    { type: names.CKA_VALUE_LEN, value: 32 },
    { type: names.CKA_LABEL, value: label },
    { type: names.CKA_ID, value: id },
    { type: names.CKA_TOKEN, value: true },
    { type: names.CKA_PRIVATE, value: true },
    { type: names.CKA_SENSITIVE, value: true },
    { type: names.CKA_EXTRACTABLE, value: false },
    { type: names.CKA_MODIFIABLE, value: false },
    { type: names.CKA_ENCRYPT, value: true },
    { type: names.CKA_DECRYPT, value: true },
    { type: names.CKA_WRAP, value: false },
    { type: names.CKA_UNWRAP, value: false },
  ]);
  return { handle, id: id.toString('hex') };
}

/** A key that somebody else put there must be as strong as one that we make. */
function checkedId(
  { calls, names }: Pkcs11Library,
  session: Pkcs11js.Handle,
  handle: Pkcs11js.Handle,
  label: string,
): string {
  const [sensitive, extractable, length, type, id] = calls
    .C_GetAttributeValue(session, handle, [
      { type: names.CKA_SENSITIVE },
      { type: names.CKA_EXTRACTABLE },
      { type: names.CKA_VALUE_LEN },
      { type: names.CKA_KEY_TYPE },
      { type: names.CKA_ID },
    ])
    .map((attribute) => (Buffer.isBuffer(attribute.value) ? attribute.value : Buffer.alloc(0)));
  const fit = sensitive?.[0] === 1 && extractable?.[0] === 0 && length?.[0] === 32 && type?.[0] === names.CKK_AES;
  if (!fit) {
    throw new FirebreakFailure(
      'policy.keystore-key-unfit',
      `key ${label} in the token is not a sensitive, non-extractable AES-256 key`,
    );
  }
  return id?.toString('hex') ?? '';
}
