import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';

/** The only file that knows the age library (one maintainer): replacing it means replacing these three functions. */

export type AgeLock =
  | { readonly by: 'passphrase'; readonly passphrase: string; readonly workFactor: number }
  | { readonly by: 'identities'; readonly identities: readonly string[]; readonly recipients: readonly string[] };

export async function ageEncrypt(plain: Uint8Array, lock: AgeLock): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  if (lock.by === 'passphrase') {
    encrypter.setScryptWorkFactor(lock.workFactor);
    encrypter.setPassphrase(lock.passphrase);
  } else {
    for (const identity of lock.identities) encrypter.addRecipient(await identityToRecipient(identity));
    for (const recipient of lock.recipients) encrypter.addRecipient(recipient);
  }
  return encrypter.encrypt(plain);
}

/** `wrong-lock`: no passphrase or identity of ours opens it. `damaged`: it is not the age file that was written. */
export async function ageDecrypt(file: Uint8Array, lock: AgeLock): Promise<Uint8Array | 'wrong-lock' | 'damaged'> {
  const decrypter = new Decrypter();
  if (lock.by === 'passphrase') decrypter.addPassphrase(lock.passphrase);
  else for (const identity of lock.identities) decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(file);
  } catch (error) {
    return messageOf(error).includes('no identity matched') ? 'wrong-lock' : 'damaged';
  }
}

/** Lines of an age identity file that are identities; comments and blank lines are skipped. */
export const identitiesIn = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'));

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
