import type { Removal } from './removal.ts';

const LINE = 'workflows/lib/line.test.ts';
const BLAME = 'validator/custody/blame-signing.test.ts';
const whateverIsBeside = 'nobody honest is convicted by what it signed, whatever is put beside it';
const bound = 'five of fifteen that do what they like cost at most five sessions, in any order of messages';

/** How often hostile validators can spoil a signing, and whom a proof convicts. */
export const removals: readonly Removal[] = [
  {
    name: 'keeping those out who owe a partial signature',
    why: 'whoever commits and leaves could do so in every session',
    file: 'workflows/lib/line.ts',
    text: "for (const validator of signers) this.#put(validator, { session, why: 'owes' });",
    instead: '',
    noticedBy: [{ file: LINE, titles: ['whoever is slow is back as soon as it has answered'] }],
  },
  {
    name: 'keeping those out who were proven hostile',
    why: 'whoever signs what does not hold could do so in every session',
    file: 'workflows/lib/line.ts',
    text: "for (const validator of validators) this.#put(validator, { session, why: 'proven' });",
    instead: 'this.answered(session, validators);',
    noticedBy: [{ file: LINE, titles: [bound] }],
  },
  {
    name: 'the digest of the request beside an accused signature',
    why: 'an honest signature of one request would convict its author beside another request',
    file: 'wire/blame-signing.ts',
    text: 'if (said === undefined || toHex(said.requestDigest) !== signingRequestDigest(bytes))',
    instead: 'if (said === undefined)',
    noticedBy: [{ file: BLAME, titles: [whateverIsBeside] }],
  },
  {
    name: 'the vault of an accused signature',
    why: 'an honest signature would convict its author beside the terms of another vault',
    file: 'threshold/verify/blame.ts',
    text: "if (inputs.some((input) => input.vault !== vault.value)) return unfounded('an input lies in another vault');",
    instead: '',
    noticedBy: [{ file: BLAME, titles: [whateverIsBeside] }],
  },
];
