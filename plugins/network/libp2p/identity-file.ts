import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { identityHex } from '../../../wire/stream/host-identity.ts';

const IDENTITY_FILE_BYTES_MAX = 4_096;

/** Reads the Ed25519 host key of a coordinator: PKCS#8 PEM, readable by its owner only. Throws `input.identity-file`. */
export function readIdentityFile(file: string): KeyObject {
  try {
    const status = statSync(file);
    if ((status.mode & 0o077) !== 0) throw wrong(file, 'is readable by others; `chmod 600` it');
    if (status.size > IDENTITY_FILE_BYTES_MAX) throw wrong(file, 'is too large for a key');
    const key = createPrivateKey({ key: readFileSync(file), format: 'pem' });
    if (key.asymmetricKeyType !== 'ed25519') throw wrong(file, `holds a key of kind ${key.asymmetricKeyType}`);
    return key;
  } catch (error) {
    if (error instanceof FirebreakFailure) throw error;
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw wrong(file, absent ? 'does not exist' : 'cannot be read as a private key in PKCS#8 PEM form');
  }
}

/** Makes a new identity and returns its public key in hex; an existing file is never replaced. */
export function createIdentityFile(file: string): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { flag: 'wx', mode: 0o600 });
  chmodSync(file, 0o600); // whatever the umask was
  return identityHex(privateKey);
}

const wrong = (file: string, what: string): FirebreakFailure =>
  new FirebreakFailure('input.identity-file', `identity file ${file} ${what}`, { file });
