import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

/** The only file that knows the age library (one maintainer): replacing it means replacing these functions. */

export type AgeLock =
  | { readonly by: 'passphrase'; readonly passphrase: string; readonly workFactor: number }
  /** `recipients` are all who can open what is encrypted, those of the identities among them. */
  | { readonly by: 'identities'; readonly identities: readonly string[]; readonly recipients: readonly string[] };

export async function ageEncrypt(plain: Uint8Array, lock: AgeLock): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  if (lock.by === 'passphrase') {
    encrypter.setScryptWorkFactor(lock.workFactor);
    encrypter.setPassphrase(lock.passphrase);
  } else for (const recipient of lock.recipients) encrypter.addRecipient(recipient);
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

/** Undefined for a text that is no identity, or not as it was made: it carries a checksum. */
export async function recipientOf(identity: string): Promise<string | undefined> {
  try {
    return await identityToRecipient(identity);
  } catch {
    return undefined;
  }
}

/** Whether a text is a recipient that can be encrypted to, down to its checksum. */
export function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

/** A new identity file, as `age-keygen` writes it. */
export async function newIdentityFile(): Promise<{ readonly text: string; readonly recipient: string }> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  return { text: `# public key: ${recipient}\n${identity}\n`, recipient };
}

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
