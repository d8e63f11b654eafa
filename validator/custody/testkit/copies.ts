import { cpSync } from 'node:fs';
import { type Digest, sha256Hex } from '../../../domain/encoding/digest.ts';
import type { Journal, Release, Spend } from '../journal/journal.ts';
import type { Remembered } from '../journal/remembered.ts';
import type { TestJournals } from './journals.ts';

export const NOTHING: Remembered = {
  nonces: [],
  locks: [],
  transactions: [],
  outflow: [],
  keygens: [],
  heads: [],
  keysets: [],
};

export const hexOf = (name: string): Digest => sha256Hex(new Uint8Array(Buffer.from(name)));
export const outpointOf = (coin: number): string => `${hexOf(`coin ${coin}`)}:${coin}`;

/** A payout as a journal writes it down, with names that an export may carry. */
export const payoutOf = (
  name: string,
  spend: Partial<Spend> & { readonly outpoints: readonly string[] },
  atMs: number,
): Release => ({
  ceremony: `signing-${hexOf(name).slice(0, 32)}`,
  requestDigest: hexOf(`request ${name}`),
  spend: {
    txid: hexOf(`transaction ${spend.outpoints.join()} ${spend.feeSats ?? 500}`),
    feeSats: 500,
    hopeless: [],
    ...spend,
  },
  commitments: [`02${hexOf(`hiding ${name}`)}03${hexOf(`binding ${name}`)}`],
  response: new TextEncoder().encode(`response ${name}`),
  atMs,
});

/** A second folder as the first one is now; the journal of the first is opened again. */
export function copyOf(journals: TestJournals, folder: string, open: Journal): readonly [Journal, Journal] {
  open.close();
  const copy = journals.newFolder();
  cpSync(folder, copy, { recursive: true });
  return [journals.open(folder), journals.open(copy)];
}
