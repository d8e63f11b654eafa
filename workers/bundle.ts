import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type Logger } from '@temporalio/worker';

const ROOT = resolve(import.meta.dirname, '..');
/** Rooms that can be in the bundle; what a workflow imports from elsewhere is a type. */
const ROOMS = ['workflows', 'domain'];
/** Bundles of earlier builds that stay on disk. */
const KEPT_MAX = 5;

/** Beside the packages, for every network of this checkout: whoever could change a bundle here could change a package as well. */
export const BUNDLE_SHELF: string = join(ROOT, 'node_modules', '.cache', 'firebreak', 'bundle');

export const workflowsPath: string = join(ROOT, 'workflows', 'index.ts');
/** How workflows read payloads; what clients and activities read and write is the same. */
const payloadConverterPath = join(ROOT, 'workflows', 'lib', 'payloads.ts');

/** Bundles the workflows with nothing ignored: building it proves that nothing impure is reachable from them. */
export const bundleWorkflows = (logger: Logger = new DefaultLogger('WARN')): Promise<{ code: string }> =>
  bundleWorkflowCode({ workflowsPath, payloadConverterPath, logger });

/**
 * Path of the bundle of exactly this source, built at most once per content: a standby that starts in an outage reads a file
 * instead of running a compiler. Whoever builds at the same time writes equal bytes under one name.
 */
export async function cachedBundle(shelf: string = BUNDLE_SHELF, logger?: Logger): Promise<string> {
  const path = join(shelf, `workflows-${await sourceDigest()}.js`);
  if (existsSync(path)) return path;
  const { code } = await bundleWorkflows(logger);
  await mkdir(shelf, { recursive: true });
  const unfinished = `${path}.${randomUUID()}`;
  await writeFile(unfinished, code);
  await rename(unfinished, path);
  await forgetOld(shelf);
  return path;
}

/** SHA-256 over every source that may be in the bundle, and the versions of the bundler and the SDK. */
async function sourceDigest(): Promise<string> {
  const hash = createHash('sha256');
  const sdk = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  hash.update(`${sdk.version}\n${process.version}\n`);
  hash.update(await readFile(join(ROOT, 'package.json')));
  for (const room of ROOMS) {
    const files = (await readdir(join(ROOT, room), { recursive: true })).filter((name) => name.endsWith('.ts')).sort();
    for (const name of files) {
      hash.update(`${room}/${name}\n`);
      hash.update(await readFile(join(ROOT, room, name)));
    }
  }
  return hash.digest('hex').slice(0, 32);
}

/** Keeps the newest, by the time at which they were built: what was just written is never among the forgotten. */
async function forgetOld(shelf: string): Promise<void> {
  const names = (await readdir(shelf)).filter((name) => /^workflows-[0-9a-f]{32}\.js$/.test(name));
  // Another process may have forgotten one meanwhile: it counts as the oldest.
  const built = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(join(shelf, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  const newestFirst = built.sort((a, b) => b.atMs - a.atMs);
  for (const { name } of newestFirst.slice(KEPT_MAX)) await rm(join(shelf, name), { force: true });
}
