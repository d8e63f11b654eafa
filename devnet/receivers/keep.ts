import { appendFileSync } from 'node:fs';
import type { Heard } from '../../plugins/testkit/notifier.ts';
import { type Kept, keptFile, type Receiver } from './kept.ts';

/** More than a devnet is ever told; what comes after it is heard and not kept. */
const MESSAGES_MAX = 10_000;

/** Writes down what a receiver has heard since it was last asked; a message that was edited is a new one. */
export function keeper(dir: string, receiver: Receiver, clock: () => number = Date.now) {
  const known = new Set<string>();
  return (heard: readonly Heard[]): void => {
    for (const [at, { said, over = false }] of heard.entries()) {
      for (const [place, { headline, text }] of said.entries()) {
        const last = over && place === said.length - 1;
        const one = JSON.stringify([at, place, headline, text, last]);
        if (known.has(one) || known.size >= MESSAGES_MAX) continue;
        known.add(one);
        const kept: Kept = { atMs: clock(), headline, text, over: last };
        appendFileSync(keptFile(dir, receiver), `${JSON.stringify(kept)}\n`, { mode: 0o600 });
      }
    }
  };
}
