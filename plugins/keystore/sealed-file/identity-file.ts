import { chmod, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { configFailure } from '../../config-failure.ts';
import { errnoOf, writeFailure } from '../../durable-file.ts';
import { isOpenToOthers } from '../secret-source.ts';
import { identitiesIn, newIdentityFile, recipientOf } from './age.ts';
import type { SealedFileConfig } from './config.ts';

const IDENTITY_FILE_BYTES_MAX = 65_536;

type ByIdentity = Extract<SealedFileConfig['unlock'], { by: 'identity' }>;

/** What the file holds, and who can open what is encrypted to it. Throws `input.keystore-identity-file` with the line that names the file. */
export async function readIdentities(
  unlock: ByIdentity,
): Promise<{ readonly identities: readonly string[]; readonly recipients: readonly string[] }> {
  const identities = identitiesIn(await readPrivateFile(unlock));
  if (identities.length === 0)
    throw refused(unlock, 'holds no AGE-SECRET-KEY line; name the file that age-keygen wrote, not an encrypted one');
  const recipients: string[] = [];
  for (const [index, identity] of identities.entries()) {
    const recipient = await recipientOf(identity);
    if (recipient === undefined)
      throw refused(unlock, `its identity ${index + 1} is not as it was made; restore the file from a copy`);
    recipients.push(recipient);
  }
  return { identities, recipients };
}

/**
 * A file with a new identity, for the eyes of its owner alone, where there is none: its recipient, or undefined when a file is there.
 * Throws `unavailable.disk-*`.
 */
export async function makeIdentityFile(path: string): Promise<string | undefined> {
  const { text, recipient } = await newIdentityFile();
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(path, 0o600); // whatever the umask was
    return recipient;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return undefined;
    throw writeFailure(error, dirname(path));
  }
}

async function readPrivateFile(unlock: ByIdentity): Promise<string> {
  const found = await stat(unlock.path).catch(() => undefined);
  if (found?.isFile() !== true) throw refused(unlock, 'is no file of this machine; write the right path');
  if (found.size > IDENTITY_FILE_BYTES_MAX) throw refused(unlock, 'is too large for an identity file');
  if (isOpenToOthers(unlock.path, found.mode))
    throw refused(unlock, `may be read by others (mode ${(found.mode & 0o777).toString(8)}); run chmod 0400`);
  try {
    return await readFile(unlock.path, 'utf8');
  } catch {
    throw refused(unlock, 'cannot be read; give it to this user alone (chmod 0400)');
  }
}

function refused({ path, where }: ByIdentity, remedy: string): FirebreakFailure {
  const { message, details } = configFailure(where, ['identity_file'], `${path} ${remedy}`);
  return new FirebreakFailure('input.keystore-identity-file', message, details);
}
