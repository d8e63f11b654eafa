import type { Change } from './track.ts';

type Words = Pick<Change<string>, 'awaitingRole' | 'next' | 'meanwhile' | 'percent'>;

/** What a page says from the first hand-in of a signed transaction until blocks have buried it, whatever let it be signed. */
export const SETTLING_WORDS = {
  broadcasting: {
    percent: 60,
    awaitingRole: 'nobody',
    next: 'nobody; the signed transaction is handed to the Bitcoin node',
    meanwhile: 'the node is asked what became of it before anything is repeated',
  },
  settling: {
    percent: 70,
    awaitingRole: 'chain',
    next: 'blocks must bury the spend of the deposits',
    meanwhile: 'the transaction is handed in again while the deposits are unspent',
  },
  'unsettled-by-reorg': {
    percent: 70,
    awaitingRole: 'chain',
    next: 'blocks must bury the spend again; a reorg took it back',
    meanwhile: 'the same signed transaction is handed in again; nothing is signed anew',
  },
} as const satisfies Readonly<Record<string, Words>>;
