import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Channel } from './kept.ts';

export const MAIL_USER = 'firebreak';

/** What a sender must show; the same file is named in the configuration of the workers. */
export const secretFile = (dir: string, channel: Channel): string => join(dir, `${channel}.secret`);

/** Draws those that are missing. */
export function drawSecrets(dir: string, channels: readonly Channel[]): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const channel of channels) {
    const file = secretFile(dir, channel);
    if (!existsSync(file))
      writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  }
}

export const readSecret = (dir: string, channel: Channel): string =>
  readFileSync(secretFile(dir, channel), 'utf8').trim();
