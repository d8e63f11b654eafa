import { type Digest, sha256Hex } from '../../domain/encoding/digest.ts';

/** How long what was refused as one renewal too many is not judged again, as long as no more peers stand at it: each time costs its signatures. */
const REFUSED_MS = 60_000;

/** `digest`: of the document with its signatures. */
type Refused = { readonly digest: Digest; readonly peers: number; readonly atMs: number };

/** What peers say that they stand at and this validator does not: one word per peer, its latest, and only while it speaks. */
export class Attesting {
  readonly #spokeLately: (validator: number) => boolean;
  readonly #words = new Map<number, Digest>();
  /** By who said it. */
  readonly #refused = new Map<number, Refused>();
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

  /** This validator said no to what so many stand at; it may say yes to more of them, and later. */
  refuse(validator: number, refused: Refused): void {
    this.#refused.set(validator, refused);
  }

  isRefused(validator: number, { digest, peers, atMs }: Refused): boolean {
    const before = this.#refused.get(validator);
    return (
      before !== undefined &&
      before.digest === digest &&
      peers <= before.peers &&
      Math.abs(atMs - before.atMs) < REFUSED_MS
    );
  }

  forget(validator: number): void {
    this.#words.delete(validator);
  }

  clear(): void {
    this.#words.clear();
  }
}
