import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { open, readFile, stat, unlink } from 'node:fs/promises';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { errnoOf, writeDurably, writeFailure } from '../../durable-file.ts';
import { ageDecrypt, ageEncrypt, type AgeLock } from './age.ts';

/** Plaintext of the age file: 16 bytes that say what it is, 32 bytes of AES-256 key. */
const MAGIC = Buffer.from('firebreak-key/1\n');
const KEY_BYTES = 32;
const FILE_BYTES_MAX = 65_536;

/** The opened key. It lives in OpenSSL's memory, not on the JavaScript heap; `name` is public. */
export type FileKey = { readonly key: KeyObject; readonly name: string };

/** Makes a random key and writes it durably, encrypted by `lock`. */
export const makeKeyFile = (path: string, lock: AgeLock): Promise<FileKey> =>
  writeKeyFile(path, randomBytes(KEY_BYTES), lock);

/** The same key for whoever `lock` names now. The file is replaced whole or not at all. */
export const relockKeyFile = (path: string, { key }: FileKey, lock: AgeLock): Promise<FileKey> =>
  writeKeyFile(path, key.export(), lock);

/** Wipes `secret`. */
async function writeKeyFile(path: string, secret: Buffer, lock: AgeLock): Promise<FileKey> {
  const plain = Buffer.concat([MAGIC, secret]);
  try {
    await writeDurably(path, await ageEncrypt(plain, lock));
    return fileKeyOf(plain);
  } finally {
    plain.fill(0);
    secret.fill(0);
  }
}

/** Undefined when there is no file. Throws `input.keystore-pin` or `policy.sealed-damaged`. */
export async function openKeyFile(path: string, lock: AgeLock): Promise<FileKey | undefined> {
  const file = await readBounded(path);
  if (file === undefined) return undefined;
  const plain = await ageDecrypt(file, lock);
  if (plain === 'wrong-lock') {
    throw new FirebreakFailure('input.keystore-pin', `${path}: the passphrase or identity does not open the key file`);
  }
  if (plain === 'damaged') throw damaged(path);
  try {
    if (plain.length !== MAGIC.length + KEY_BYTES || !MAGIC.equals(plain.subarray(0, MAGIC.length)))
      throw damaged(path);
    return fileKeyOf(plain);
  } finally {
    plain.fill(0);
  }
}

/** Overwrites and removes the file. A copy, a snapshot or a flash cell may still hold it: the lock has to be forgotten too. */
export async function destroyKeyFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      await file.write(randomBytes((await file.stat()).size), 0, undefined, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw writeFailure(error, path);
  }
}

function fileKeyOf(plain: Uint8Array): FileKey {
  const secret = plain.subarray(MAGIC.length);
  return {
    key: createSecretKey(secret),
    name: sha256Hex(Buffer.concat([Buffer.from('firebreak/file-key-name/v1'), secret])).slice(0, 32),
  };
}

async function readBounded(path: string): Promise<Uint8Array | undefined> {
  try {
    if ((await stat(path)).size > FILE_BYTES_MAX) throw damaged(path);
    return await readFile(path);
  } catch (error) {
    if (error instanceof FirebreakFailure) throw error;
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new FirebreakFailure(
      'unavailable.keystore-locked',
      `${path}: the key file cannot be read`,
      {},
      { cause: error },
    );
  }
}

const damaged = (path: string) =>
  new FirebreakFailure('policy.sealed-damaged', `${path}: the key file is damaged; restore it from a copy`);
