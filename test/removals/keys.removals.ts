import type { Removal } from './removal.ts';

const CERTIFICATE = 'threshold/verify/certificate.test.ts';
const AGENT = 'validator/custody/agent.test.ts';
const SWEEP = 'validator/custody/policy/sweep.test.ts';
const ORIGIN = 'domain/ceremony/origin.test.ts';

const makeKey = 'make a key together whose certificate convinces anyone who pinned the network';
const holdCertificate = 'hold a certificate only when all signed it and the package is their own';
const sweep = (...titles: readonly string[]) => [{ file: SWEEP, titles }];

/** How a key comes to be, and how coins come under the next one. */
export const removals: readonly Removal[] = [
  {
    name: 'the signatures of a certificate',
    why: 'a key that a coordinator made alone would get addresses',
    file: 'threshold/verify/certificate.ts',
    text: 'if (!signedBy(identity, digest, entry.signature)) {',
    instead: 'if (identity === undefined) {',
    noticedBy: [
      {
        file: CERTIFICATE,
        titles: ['a signature by another identity, over another package or not canonical is refused'],
      },
    ],
  },
  {
    name: 'the completeness of a certificate',
    why: 'the one who is missing may hold a wrong share, or saw other messages',
    file: 'threshold/verify/certificate.ts',
    text: 'if (certificate.signatures.length !== key.participants.length) {',
    instead: 'if (certificate.signatures.length === 0) {',
    noticedBy: [{ file: CERTIFICATE, titles: ['all but one is not enough, and nobody counts twice'] }],
  },
  {
    name: 'the threshold of a certificate',
    why: 'a key that fewer can use would get addresses',
    file: 'threshold/verify/certificate.ts',
    text: 'if (key.threshold !== genesis.threshold) {',
    instead: 'if (key.threshold < 0) {',
    noticedBy: [
      {
        file: CERTIFICATE,
        titles: ['a certificate of another roster size or threshold is refused although everybody signed it'],
      },
    ],
  },
  {
    name: 'comparing a certificate with the own package',
    why: 'a validator would vouch for another key than the one that it has a share of',
    file: 'validator/custody/certificate.ts',
    text: 'if (certificateDigest(own) !== certificateDigest(certificate.package)) {',
    instead: 'if (own === undefined) {',
    noticedBy: [{ file: AGENT, titles: [holdCertificate], after: [makeKey] }],
  },
  {
    name: 'judging a certificate before it is held',
    why: 'a key that not all have signed would be tested and used',
    file: 'validator/custody/certificate.ts',
    text: "if (row.value.state !== 'proposed') return accept(held(own));\n      const verified = verifyCertificate(certificate, genesis);\n      if (!verified.ok) return verified;",
    instead: "if (row.value.state !== 'proposed') return accept(held(own));",
    noticedBy: [{ file: AGENT, titles: [holdCertificate], after: [makeKey] }],
  },
  {
    name: 'the self-test of a key',
    why: 'a wrong share would show up at the first payout, with coins under it',
    file: 'validator/custody/self-test.ts',
    text: 'if (failed !== undefined) return',
    instead: 'if (failed === null) return',
    noticedBy: [
      {
        file: AGENT,
        titles: ['activate the key only after all of them signed the self-test'],
        after: [makeKey, holdCertificate],
      },
    ],
  },
  {
    name: 'the memory of key generations that were begun',
    why: 'a second opening of one ceremony would be answered with the same points under other secrets',
    file: 'validator/custody/keygen.ts',
    text: 'if (journal.keysets.hasBegun(ceremony) || journal.steps.of(ceremony).length > 0) return lost(ceremony);',
    instead: '',
    noticedBy: [
      {
        file: AGENT,
        titles: ['gets no second opening after a crash, also when other ceremonies have pushed its steps out'],
      },
    ],
  },
  {
    name: 'the votes for a key',
    why: 'a coordinator could leave out whoever it does not like',
    file: 'domain/ceremony/origin.ts',
    text: 'if (!votes.ok) return votes;',
    instead: 'if (!votes.ok && votes === undefined) return votes;',
    noticedBy: [
      { file: ORIGIN, titles: ['no key is made for one vote too few', 'no key is made for votes of another run'] },
    ],
  },
  {
    name: 'the participants that were voted for',
    why: 'the suspect of an incident would have a share of the next key',
    file: 'domain/ceremony/origin.ts',
    text: 'if (added.length > 0)',
    instead: 'if (added.length < 0)',
    noticedBy: [{ file: ORIGIN, titles: ['no key is made for a participant that nobody voted for'] }],
  },
  {
    name: 'the votes for a sweep',
    why: 'a coordinator could move all coins to any later key',
    file: 'validator/custody/policy/sweep.ts',
    text: 'if (!votes.ok) return votes;',
    instead: '',
    noticedBy: sweep('too few votes', 'votes in another run', 'votes that have expired'),
  },
  {
    name: 'the certificate of the successor',
    why: 'coins would go to a key that was never made',
    file: 'validator/custody/policy/sweep.ts',
    text: 'if (!verified.ok) return verified;',
    instead: '',
    noticedBy: sweep('a certificate with a broken signature', 'a certificate that lacks a signature'),
  },
  {
    name: 'the one order of coins in a sweep',
    why: 'each order were another transaction, with locks of its own',
    file: 'validator/custody/policy/sweep.ts',
    text: 'if (isInOrder) return undefined;',
    instead: 'if (inputs.length > 0) return undefined;',
    noticedBy: sweep('its inputs in another order than the one that all agree on'),
  },
  {
    name: 'the rule that a successor comes later',
    why: 'coins could go back to the key that they are to leave',
    file: 'validator/custody/policy/sweep.ts',
    text: 'if (next.epoch <= key.epoch)',
    instead: 'if (next.epoch < 0)',
    noticedBy: sweep('an earlier key, whatever the members voted'),
  },
  {
    name: 'one warrant for one request',
    why: 'a request with a release and votes would be judged by whichever is easier',
    file: 'validator/custody/policy/request.ts',
    text: 'if (releaseRequest.length > 0)',
    instead: 'if (releaseRequest.length < 0)',
    noticedBy: sweep('a release request beside the votes'),
  },
];
