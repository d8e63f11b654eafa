import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Receiver, RECEIVERS } from './kept.ts';

export const MAIL_USER = 'firebreak';

/** What a sender must show; the same file is named in the configuration of the workers, or of Alertmanager. */
export const secretFile = (dir: string, receiver: Receiver): string => join(dir, `${receiver}.secret`);

/** Draws those that are missing. */
export function drawSecrets(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const receiver of RECEIVERS) {
    const file = secretFile(dir, receiver);
    if (!existsSync(file))
      writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  }
}

export const readSecret = (dir: string, receiver: Receiver): string =>
  readFileSync(secretFile(dir, receiver), 'utf8').trim();
