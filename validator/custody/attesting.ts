import { type Digest, sha256Hex } from '../../domain/encoding/digest.ts';

/** What peers say that they stand at and this validator does not: one word per peer, its latest, and only while it speaks. */
export class Attesting {
  readonly #spokeLately: (validator: number) => boolean;
  readonly #words = new Map<number, Digest>();
  /** SHA-256 of the last document in a peer's liveness that changed nothing here: fifteen say it every second. */
  #settled = '';

  constructor(spokeLately: (validator: number) => boolean) {
    this.#spokeLately = spokeLately;
  }

  saysNothing(document: Uint8Array): boolean {
    return sha256Hex(document) === this.#settled;
  }

  settle(document: Uint8Array): void {
    this.#settled = sha256Hex(document);
  }

  /** How many peers stand at this now, the one that just said so included. */
  add(validator: number, digest: Digest): number {
    this.#words.set(validator, digest);
    return [...this.#words].filter(([id, word]) => word === digest && this.#spokeLately(id)).length;
  }

  forget(validator: number): void {
    this.#words.delete(validator);
  }

  clear(): void {
    this.#words.clear();
  }
}
