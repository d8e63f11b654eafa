import type { Removal } from './removal.ts';

const LOCKS = 'validator/custody/locks.test.ts';
const BRAKE = 'validator/custody/chain-brake.test.ts';

/** What validators say to each other about locks, and what each of them stops for by itself. */
export const removals: readonly Removal[] = [
  {
    name: 'the word of every signer that it locked the outputs',
    why: 'a partial signature would leave before as many as must sign remember what it commits them to',
    file: 'validator/custody/commitments.ts',
    text: 'if (statement?.locked !== locked) {',
    instead: 'if (statement === null) {',
    noticedBy: [
      {
        file: LOCKS,
        titles: [
          'no partial signature is given before every signer has said that it locked the outputs for this transaction',
        ],
      },
    ],
  },
  {
    name: 'writing the locks down before commitments are given',
    why: 'the word of a signer would be about a lock that nobody could tell a restored validator of',
    file: 'validator/custody/journal/releases.ts',
    text: 'writeLocks(locks, proposals, spend, { request_digest: proposalDigest, at: atMs });',
    instead: '',
    noticedBy: [
      {
        file: LOCKS,
        titles: [
          'no partial signature is given before every signer has said that it locked the outputs for this transaction',
        ],
      },
    ],
  },
  {
    name: 'what others say that they locked',
    why: 'a folder that was restored from before a payout would sign the same coins away again',
    file: 'validator/custody/policy/request.ts',
    text: 'if (claimed !== undefined) return { ok: false, refusal: claimed };',
    instead: '',
    noticedBy: [
      {
        file: LOCKS,
        titles: ['a claim holds nothing unless it carries what lets exactly its transaction move these coins'],
      },
    ],
  },
  {
    name: 'the proof of what others say that they locked',
    why: 'one liar could hold the coins of every vault',
    file: 'validator/custody/policy/claims.ts',
    text: 'if (!Buffer.from(built).equals(request.transaction)) return undefined;',
    instead: '',
    noticedBy: [
      {
        file: LOCKS,
        titles: ['a claim holds nothing unless it carries what lets exactly its transaction move these coins'],
      },
    ],
  },
  {
    name: 'the bound of what one validator may claim',
    why: 'one liar could fill the journal of whoever starts',
    file: 'validator/custody/journal/claims.ts',
    text: "if (bytes > CLAIMED_BYTES_MAX || claims.count('WHERE validator = ?', validator) >= CLAIMS_MAX) return false;",
    instead: '',
    noticedBy: [
      { file: LOCKS, titles: ['who claims more than anybody honest holds is not believed to have told everything'] },
    ],
  },
  {
    name: 'the freeze that a deep reorganisation makes',
    why: 'payouts would go on over a chain that took back more than it may',
    file: 'validator/custody/chain-brake.ts',
    text: 'journal.chainFreezes.begin({ tip, reason, afterOrder: this.#ordersPassed() }, clock());',
    instead: '',
    noticedBy: [
      {
        file: BRAKE,
        titles: ['a validator freezes payouts by itself, also when the branch that was too deep is gone again'],
      },
    ],
  },
  {
    name: 'looking for the block of a lift in the own chain',
    why: 'a lift for another branch would let payouts go on over this one',
    file: 'validator/custody/chain-brake.ts',
    text: 'if (!chain.isCanonical(lift.block)) return;',
    instead: '',
    noticedBy: [
      {
        file: BRAKE,
        titles: ['neither a freeze that ends, nor a lift of it, nor a lift that names no block of this chain ends it'],
      },
    ],
  },
];
