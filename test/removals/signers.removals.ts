import type { Removal } from './removal.ts';

const POLICY = 'validator/custody/policy/policy.test.ts';
const RELEASE = 'validator/custody/policy/release.test.ts';

const refusedFor = (...rules: readonly string[]) => [
  { file: POLICY, titles: rules.map((rule) => `a partial signature is refused for ${rule}`) },
];

/** Who signs together, whose word counts, and what holds even an answer back that was given before. */
export const removals: readonly Removal[] = [
  {
    name: 'the size of the signer set',
    why: 'fewer validators than the threshold would look at a payout, and none could tell why it never verifies',
    file: 'validator/custody/commitments.ts',
    text: 'if (ids.length < need) return',
    instead: 'if (ids.length < 0) return',
    noticedBy: refusedFor('too few signers'),
  },
  {
    name: 'the order of the signer set',
    why: 'one request would have several forms, and binding factors that signers disagree on',
    file: 'validator/custody/commitments.ts',
    text: 'if (ids.some((id, at) => at > 0 && id <= (ids[at - 1] ?? 0))) {',
    instead: 'if (ids.length === 0) {',
    noticedBy: refusedFor('signers in another order'),
  },
  {
    name: 'being one of the signers',
    why: 'a partial signature would be made for a set that it is not part of',
    file: 'validator/custody/commitments.ts',
    text: 'if (!set.ok || set.value.ids.includes(parts.self)) return set;',
    instead: 'if (!set.ok || set.value.ids.length > 0) return set;',
    noticedBy: refusedFor('a set of signers without this validator'),
  },
  {
    name: 'one word of each validator in a round',
    why: 'a coordinator could put commitments of its choice beside real ones',
    file: 'validator/custody/round.ts',
    text: 'if (opened.has(from))',
    instead: 'if (from === undefined)',
    noticedBy: refusedFor('a signer twice'),
  },
  {
    name: 'the signature under what a validator says',
    why: 'a coordinator could make up commitments of others, and with them learn a share',
    file: 'wire/envelope.ts',
    text: 'if (!verifyIdentity(sender.identity, taggedHash(TAGS.envelope, envelope.header), envelope.signature)) {',
    instead: 'if (sender === null) {',
    noticedBy: refusedFor('commitments with a broken signature'),
  },
  {
    name: 'the digest of what a validator says',
    why: 'a signed header would vouch for any payload',
    file: 'wire/envelope.ts',
    text: 'if (!Buffer.from(sha256(envelope.payload)).equals(header.payloadDigest)) {',
    instead: 'if (sender === null) {',
    noticedBy: refusedFor('a payload that was changed under way'),
  },
  {
    name: 'the freeze',
    why: 'payouts would go on while the committee says stop',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (!isFrozen(state, nowSeconds)) return undefined;',
    instead: 'if (state !== undefined) return undefined;',
    noticedBy: [
      { file: RELEASE, titles: ['a freeze stops payouts, also ones already answered, and a lift resumes them'] },
    ],
  },
  {
    name: 'the second look at the freeze',
    why: 'a freeze that comes while the signer works would be overtaken by the answer',
    file: 'validator/custody/signing.ts',
    text: 'const forbidden = signing.forbidden?.();',
    instead: 'const forbidden = undefined as Refusal | undefined;',
    noticedBy: [
      { file: RELEASE, titles: ['a freeze that is obeyed while the signer works lets no partial signature out'] },
    ],
  },
  {
    name: 'the look at the key before an answer is repeated',
    why: 'an answer under a key that is compromised would still leave',
    file: 'validator/custody/signing.ts',
    text: 'return speaks.ok ? accept(stored) : speaks;',
    instead: 'return speaks.ok || stored.length > 0 ? accept(stored) : speaks;',
    noticedBy: [{ file: RELEASE, titles: ['does not leave any more once its key is compromised'] }],
  },
];
