import type { Socket } from 'node:net';
import type { Condition } from './link.ts';

/** What waits in the link beyond this is left with its sender. */
const WAITING_BYTES_MAX = 262_144;
const LATE_MS = { least: 200, most: 1_000 } as const;
const END = Buffer.alloc(0);

type Piece = { readonly bytes: Buffer; readonly dueMs: number };

/** Carries bytes one way, in order, each piece when it is due. */
export class Pump {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #chance: () => number;
  readonly #waiting: Piece[] = [];
  #condition: Condition;
  #waitingBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(from: Socket, to: Socket, condition: Condition, chance: () => number) {
    this.#from = from;
    this.#to = to;
    this.#condition = condition;
    this.#chance = chance;
    from.on('data', (bytes) => this.#take(bytes as Buffer));
    from.on('end', () => this.#take(END));
    to.on('drain', () => this.#turn());
    from.resume();
  }

  set condition(condition: Condition) {
    this.#condition = condition;
    this.#turn();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #take(bytes: Buffer): void {
    const { delayMs, lossPercent, bytesPerSecond } = this.#condition;
    const late =
      lossPercent > 0 && this.#chance() * 100 < lossPercent
        ? LATE_MS.least + this.#chance() * (LATE_MS.most - LATE_MS.least)
        : 0;
    const wireMs = (bytes.length / bytesPerSecond) * 1_000;
    this.#lastDueMs = Math.max(this.#lastDueMs + wireMs, Date.now() + delayMs + late + wireMs);
    this.#waiting.push({ bytes, dueMs: this.#lastDueMs });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#from.pause();
    this.#turn();
  }

  #turn(): void {
    clearTimeout(this.#timer);
    while (!this.#stopped && !this.#condition.held && !this.#to.writableNeedDrain) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const waitMs = next.dueMs - Date.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#turn(), waitMs);
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.bytes.length;
      if (next.bytes === END) this.#to.end();
      else this.#to.write(next.bytes);
      if (this.#waitingBytes <= WAITING_BYTES_MAX) this.#from.resume();
    }
  }
}
