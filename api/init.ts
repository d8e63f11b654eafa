import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { linesOf } from '../domain/plugin/toml-lines.ts';
import { setUpFolder } from '../plugins/new-files.ts';
import { parseApiToml } from './config.ts';
import { apiToml, INIT_READERS, INIT_SOURCES, readerSecretFile } from './config/write.ts';

export type InitOptions = {
  readonly dir: string;
  /** The network that the sources may speak for. */
  readonly network: string;
  /** Temporal's host:port. */
  readonly temporal: string;
  /** Folder of playbooks and of `catalogue.yaml`; default: those that ship with Firebreak. */
  readonly playbooks?: string | undefined;
};

const SHIPPED = resolve(import.meta.dirname, '..', 'playbooks');

/**
 * Writes api.toml and one fresh secret per source and reader into a folder that has neither. The text is judged before anything is written, and a
 * refusal leaves the folder as it was. Throws `conflict.api-exists`, `input.config` and `unavailable.disk-*`.
 */
export async function initApi(
  options: InitOptions,
): Promise<{ readonly configFile: string; readonly secretFiles: readonly string[] }> {
  const folder = resolve(options.dir);
  const secrets = join(folder, 'secrets');
  const configFile = join(folder, 'api.toml');
  const secretFiles = [
    ...INIT_SOURCES.map(({ name }) => join(secrets, `${name}.secret`)),
    ...INIT_READERS.map((name) => join(folder, readerSecretFile(name))),
  ];
  for (const file of secretFiles) if (existsSync(file)) throw taken(file);
  const text = apiToml({
    ...options,
    readers: INIT_READERS,
    playbooks: options.playbooks === undefined ? SHIPPED : resolve(options.playbooks),
  });
  parseApiToml(text, { file: configFile, lineOf: linesOf(text) });
  const config = { path: configFile, text, mode: 0o644, taken: () => taken(configFile) };
  return setUpFolder([folder, secrets], config, () => {
    for (const file of secretFiles)
      writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o400, flag: 'wx' });
    return { configFile, secretFiles };
  });
}

const taken = (file: string): FirebreakFailure =>
  new FirebreakFailure('conflict.api-exists', `${file} exists already; nothing was changed`, { file });
