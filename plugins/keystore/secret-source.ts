import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import { configFailure } from '../config-failure.ts';

/** Where a PIN or passphrase comes from at start. The configuration names the place and never holds the secret. */
export type SecretSource =
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'systemd-credential'; readonly name: string };

export const environmentVariable = () =>
  z.string().regex(/^[A-Z_][A-Z0-9_]{0,99}$/, 'write the name of an environment variable, in capitals');
export const filePath = () => z.string('write a path').min(1, 'write a path').max(1000, 'is too long for a path');
export const credentialName = () =>
  z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, 'write the name of a systemd credential');

const SECRET_LENGTH_MAX = 1024;

/**
 * Picks the one source among `<what>_env`, `<what>_file` and `<what>_credential`; undefined when none is set.
 * Throws `input.config` when two are.
 */
export function secretSourceOf(
  section: {
    readonly env?: string | undefined;
    readonly file?: string | undefined;
    readonly credential?: string | undefined;
  },
  what: string,
  where: ConfigLocation,
): SecretSource | undefined {
  const sources: SecretSource[] = [];
  if (section.env !== undefined) sources.push({ from: 'environment', variable: section.env });
  if (section.file !== undefined) sources.push({ from: 'file', path: resolve(dirname(where.file), section.file) });
  if (section.credential !== undefined) sources.push({ from: 'systemd-credential', name: section.credential });
  if (sources.length > 1) {
    throw configFailure(where, [`${what}_env`], `set only one of ${what}_env, ${what}_file and ${what}_credential`);
  }
  return sources[0];
}

/** Refuses a section that holds the secret itself, before any schema could print it. */
export function refuseSecretInConfig(input: unknown, what: string, where: ConfigLocation): void {
  if (typeof input === 'object' && input !== null && what in input) {
    throw configFailure(
      where,
      [what],
      `never write it here: remove it, change it, and name ${what}_env, ${what}_file or ${what}_credential`,
    );
  }
}

/** Throws `input.keystore-secret-source`; the message names the place, never the content. */
export async function readSecret(source: SecretSource): Promise<string> {
  const text = source.from === 'environment' ? process.env[source.variable] : await readFileOf(source);
  const secret = text?.replace(/\r?\n$/, '');
  if (secret === undefined || secret.length === 0 || secret.length > SECRET_LENGTH_MAX) {
    throw failure(source, secret === undefined ? 'is not set' : `must hold 1 to ${SECRET_LENGTH_MAX} characters`);
  }
  return secret;
}

async function readFileOf(source: Exclude<SecretSource, { from: 'environment' }>): Promise<string> {
  const path = source.from === 'file' ? source.path : credentialPath(source);
  try {
    await refuseOpenFile(source, path);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof FirebreakFailure) throw error;
    throw failure(source, 'cannot be read');
  }
}

async function refuseOpenFile(source: SecretSource, path: string): Promise<void> {
  const found = await stat(path);
  if (found.size > SECRET_LENGTH_MAX * 4) throw failure(source, 'is too large for a secret');
  if (source.from !== 'systemd-credential' && isOpenToOthers(path, found.mode)) {
    throw failure(source, `may be read by others (mode ${(found.mode & 0o777).toString(8)}); run chmod 0400`);
  }
}

/** Whether group or others have any right. Windows has no such bits. */
export const isOpenToOthers = (path: string, mode: number): boolean =>
  // systemd guards the folder of credentials itself, and its access lists show up as rights of the group.
  process.platform !== 'win32' && !path.startsWith('/run/credentials/') && (mode & 0o077) !== 0;

/** systemd puts credentials into a folder of the unit that only it may read (systemd.exec, `LoadCredential=`). */
function credentialPath(source: { readonly from: 'systemd-credential'; readonly name: string }): string {
  const folder = process.env['CREDENTIALS_DIRECTORY'];
  if (folder === undefined)
    throw failure(
      source,
      'is not there: CREDENTIALS_DIRECTORY is not set, so this is not a systemd unit with LoadCredential=',
    );
  return join(folder, source.name);
}

export function describeSource(source: SecretSource): string {
  if (source.from === 'environment') return `environment variable ${source.variable}`;
  return source.from === 'file' ? `file ${source.path}` : `systemd credential ${source.name}`;
}

const failure = (source: SecretSource, message: string) =>
  new FirebreakFailure('input.keystore-secret-source', `keystore: ${describeSource(source)} ${message}`);
