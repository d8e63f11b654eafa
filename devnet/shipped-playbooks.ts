import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '../domain/encoding/digest.ts';
import type { Layout } from './layout.ts';

export const SHIPPED_FOLDER = fileURLToPath(new URL('../playbooks', import.meta.url));
const CATALOGUE = 'catalogue.yaml';
/** Digest of the catalogue that the last start has written here. */
const WRITTEN = '.catalogue-written';

/**
 * Lays the shipped playbooks into the network's folder, as they ship by now. The catalogue is where people add their own channels: one that
 * was changed here since it was written stays as it is, and that comes back in words when the shipped one has changed too.
 */
export function writePlaybooks({ playbooks }: Pick<Layout, 'playbooks'>): readonly string[] {
  mkdirSync(playbooks, { recursive: true, mode: 0o700 });
  cpSync(SHIPPED_FOLDER, playbooks, { recursive: true, filter: (source) => !source.endsWith(`/${CATALOGUE}`) });
  const file = join(playbooks, CATALOGUE);
  const record = join(playbooks, WRITTEN);
  const shipped = readFileSync(join(SHIPPED_FOLDER, CATALOGUE));
  const written = existsSync(record) ? readFileSync(record, 'utf8').trim() : undefined;
  const write = (): void => {
    writeFileSync(file, shipped);
    writeFileSync(record, `${sha256Hex(shipped)}\n`, { mode: 0o600 });
  };
  if (!existsSync(file)) return write(), [];
  const here = sha256Hex(readFileSync(file));
  if (here === sha256Hex(shipped) || here === written) return write(), [];
  if (written === sha256Hex(shipped)) return [];
  if (written !== undefined)
    return [`${file} was changed here and stays; another one ships by now: compare it with playbooks/${CATALOGUE}`];
  // A folder of an earlier build, which wrote it at every start and kept no record of it.
  renameSync(file, `${file}.before`);
  write();
  return [`${file} was not what ships and is ${CATALOGUE}.before now: take over what you had added`];
}
