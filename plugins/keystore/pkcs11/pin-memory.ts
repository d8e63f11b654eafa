import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Remembers which PIN the token refused, so that the same one is never tried again: every try brings the token nearer to its lock. */
export class PinMemory {
  readonly #key = randomBytes(32);
  #refused: Buffer | undefined;

  wasRefused(pin: string): boolean {
    return this.#refused !== undefined && timingSafeEqual(this.#refused, this.#digest(pin));
  }

  refuse(pin: string): void {
    this.#refused = this.#digest(pin);
  }

  #digest(pin: string): Buffer {
    return createHmac('sha256', this.#key).update(pin).digest();
  }
}
