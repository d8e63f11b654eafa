import { toHex } from '../../../domain/encoding/hex.ts';
import type { PublicNonces } from '../../../threshold/suite.ts';

/** `hiding || binding` in hex: a nonce is named by its own commitment, never by message or session (threshold.md §8). */
export const commitmentName = ({ hiding, binding }: PublicNonces): string => toHex(hiding) + toHex(binding);

/**
 * Nonces that were promised and not used, in memory only. Taking one removes it: there is no way to look without consuming,
 * and none to put one back.
 */
export class NoncePool {
  readonly #secrets = new Map<string, Uint8Array>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The oldest are wiped when the pool is full: a promise nobody collected must not crowd out new ones. */
  put(nonces: PublicNonces, secret: Uint8Array): void {
    this.#secrets.set(commitmentName(nonces), secret);
    for (const [name, oldest] of this.#secrets) {
      if (this.#secrets.size <= this.#capacity) break;
      oldest.fill(0);
      this.#secrets.delete(name);
    }
  }

  take(nonces: PublicNonces): Uint8Array | undefined {
    const name = commitmentName(nonces);
    const secret = this.#secrets.get(name);
    this.#secrets.delete(name);
    return secret;
  }

  get size(): number {
    return this.#secrets.size;
  }

  erase(): void {
    for (const secret of this.#secrets.values()) secret.fill(0);
    this.#secrets.clear();
  }
}
