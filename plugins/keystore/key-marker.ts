import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { errnoOf, writeDurably } from '../durable-file.ts';

/** What `keystore.json` in the data folder remembers: which key sealed the secrets that lie beside it. Nothing in it is secret. */
const markerSchema = z.strictObject({
  version: z.literal(1),
  kind: z.string().max(100),
  /** Public name of the key, as the keystore can find it again. */
  key: z.string().max(200),
  state: z.enum(['in-use', 'destroyed']),
  /** Whom the key was last encrypted to, sorted, where it is encrypted to recipients; folders of earlier builds have the SHA-256 of these lines. */
  recipients: z.union([z.array(z.string().max(5_000)).max(1_000), z.string().length(64)]).optional(),
});
export type Marker = z.infer<typeof markerSchema>;

/**
 * The memory of a data folder about its sealing key. It makes a replaced token, a lost key file or a changed configuration
 * a named refusal at start, where otherwise a new key would be made and every secret would look damaged.
 */
export class KeyMarker {
  readonly #path: string;
  readonly #kind: string;

  constructor(dir: string, kind: string) {
    this.#path = join(dir, 'keystore.json');
    this.#kind = kind;
  }

  /** The key in use; undefined in a fresh folder. Throws `policy.keystore-changed` or `policy.keystore-destroyed`. */
  async keyInUse(): Promise<string | undefined> {
    return (await this.inUse())?.key;
  }

  /** The same, with the key's recipients. */
  async inUse(): Promise<Pick<Marker, 'key' | 'recipients'> | undefined> {
    const marker = await this.#read();
    if (marker === undefined) return undefined;
    if (marker.kind !== this.#kind) {
      throw new FirebreakFailure(
        'policy.keystore-changed',
        `${this.#path}: secrets here were sealed by ${marker.kind}, not ${this.#kind}`,
      );
    }
    if (marker.state === 'destroyed') {
      throw new FirebreakFailure('policy.keystore-destroyed', `${this.#path}: the key of this keystore was destroyed`);
    }
    return marker;
  }

  use(key: string, recipients?: readonly string[]): Promise<void> {
    return this.#write({
      version: 1,
      kind: this.#kind,
      key,
      state: 'in-use',
      recipients: recipients && [...recipients],
    });
  }

  markDestroyed(key: string): Promise<void> {
    return this.#write({ version: 1, kind: this.#kind, key, state: 'destroyed' });
  }

  /** What to throw when the remembered key is not where it was. */
  missing(where: string): FirebreakFailure {
    return new FirebreakFailure(
      'policy.keystore-key-missing',
      `${this.#path}: the key that sealed the secrets here is not in ${where}`,
    );
  }

  #write(marker: Marker): Promise<void> {
    return writeDurably(this.#path, Buffer.from(`${JSON.stringify(marker, undefined, 2)}\n`));
  }

  async #read(): Promise<Marker | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw this.#unreadable();
    }
    try {
      return markerSchema.parse(JSON.parse(text));
    } catch {
      throw this.#unreadable();
    }
  }

  #unreadable(): FirebreakFailure {
    return new FirebreakFailure(
      'policy.keystore-key-missing',
      `${this.#path}: cannot be read, so it is unknown which key sealed the secrets here`,
    );
  }
}
