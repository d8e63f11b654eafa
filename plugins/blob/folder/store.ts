import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BlobRef, BlobStore } from '../../../domain/ports/blob-store.ts';
import type { EffectContext, PortHealth, ReadContext } from '../../../domain/ports/context.ts';
import { errnoOf, folderHealth, UNFINISHED, writeDurably, writeFailure } from '../../durable-file.ts';
import { checkBytes, damaged, missing, refOf, unreadable } from '../bytes.ts';
import type { FolderConfig } from './config.ts';

/** An unfinished file this old belongs to nobody: a put takes seconds. */
const ABANDONED_MS = 3_600_000;

/** `<folder>/ab/abcdef…`: several processes may share it, since equal names have equal bytes. */
export class FolderBlobStore implements BlobStore {
  readonly #folder: string;

  constructor(config: FolderConfig, components: { readonly dir: string }) {
    this.#folder = resolve(components.dir, config.folder);
  }

  async start(): Promise<void> {
    await this.#makeFolder(this.#folder);
    for (const shelf of await readdir(this.#folder, { withFileTypes: true })) {
      if (shelf.isDirectory() && /^[0-9a-f]{2}$/.test(shelf.name)) await this.#sweep(join(this.#folder, shelf.name));
    }
  }

  async put(bytes: Uint8Array, context: EffectContext): Promise<BlobRef> {
    context.signal.throwIfAborted();
    const ref = refOf(bytes);
    if (await this.#holds(ref)) return ref;
    const path = this.#pathOf(ref);
    await this.#makeFolder(resolve(path, '..'));
    await writeDurably(path, bytes);
    return ref;
  }

  async get(ref: BlobRef, context: ReadContext): Promise<Uint8Array> {
    context.signal.throwIfAborted();
    const bytes = await this.#read(ref);
    checkBytes(ref, bytes);
    return bytes;
  }

  async has(ref: BlobRef): Promise<boolean> {
    try {
      return (await stat(this.#pathOf(ref))).size === ref.sizeBytes;
    } catch {
      return false;
    }
  }

  health(): Promise<PortHealth> {
    return folderHealth(this.#folder);
  }

  describe(): Readonly<Record<string, string>> {
    return { folder: this.#folder };
  }

  /** True only when the very bytes are there: a damaged file is written again. */
  async #holds(ref: BlobRef): Promise<boolean> {
    try {
      checkBytes(ref, await this.#read(ref));
      return true;
    } catch {
      return false;
    }
  }

  /** Reads at most the size that the ref names, whatever has happened to the file. */
  async #read(ref: BlobRef): Promise<Uint8Array> {
    const path = this.#pathOf(ref);
    let file: Awaited<ReturnType<typeof open>>;
    try {
      file = await open(path, 'r');
    } catch (error) {
      throw errnoOf(error) === 'ENOENT' ? missing(ref) : unreadable(ref, error);
    }
    try {
      if ((await file.stat()).size !== ref.sizeBytes) throw damaged(ref);
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  #pathOf(ref: BlobRef): string {
    // A digest that came from outside must not become a path of its choice.
    if (!/^[0-9a-f]{64}$/.test(ref.digest)) throw missing(ref);
    return join(this.#folder, ref.digest.slice(0, 2), ref.digest);
  }

  async #makeFolder(path: string): Promise<void> {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw writeFailure(error, path);
    }
  }

  async #sweep(shelf: string): Promise<void> {
    for (const name of await readdir(shelf)) {
      if (!name.startsWith(UNFINISHED)) continue;
      const path = join(shelf, name);
      const age = await stat(path).then(
        (found) => Date.now() - found.mtimeMs,
        () => 0,
      );
      if (age > ABANDONED_MS) await rm(path, { force: true });
    }
  }
}
