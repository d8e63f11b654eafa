import { coveredDigest } from '../../domain/approval/covered.ts';
import { expect, test } from '@jest/globals';
import {
  ballotBy,
  genesis,
  handOver,
  NOW,
  soundCase,
  subjectFor,
  covers,
} from '../../domain/approval/testkit/voting.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import { principal } from '../../domain/committee/testkit/keys.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import {
  encodeDocument,
  parseCommittee,
  parseCommitteeChain,
  parseNetworkGenesis,
  parseProof,
  parseSignedEpoch,
  parseSignedGrant,
  parseSignedGrantUse,
  parseSignedVote,
  parseVoteCertificate,
  parseVoteRequest,
} from './index.ts';

const subject = subjectFor(firstAuthority(genesis));
const hex = (bytes: number): string => 'ab'.repeat(bytes);
const grant = {
  version: 1,
  environment: 'production',
  network: 'laptop',
  committeeEpoch: 1,
  committee: hex(32),
  number: 1,
  class: 'freeze',
  scope: 'payouts',
  limits: { usesMax: 1, freezeSecondsMax: 3_600, validFromSeconds: NOW, validUntilSeconds: NOW + 60 },
  reason: 'freeze first',
};
const standing = { grant: { ...grant, kind: 'standing-order', playbook: hex(32) }, signatures: [] };
const glass = {
  grant: { ...grant, kind: 'break-glass', holders: [hex(32)], holdersNeeded: 1, reviewSeconds: 86_400 },
  signatures: [{ member: hex(32), signature: hex(3_309) }],
};
const use = {
  use: {
    version: 1,
    grant: hex(32),
    playbook: hex(32),
    run: 'r',
    step: 's',
    afterOrder: 0,
    startedAtSeconds: NOW,
    freezeSeconds: 60,
  },
  signatures: [],
};

type Parse = (source: Uint8Array | string, where: string) => unknown;
const documents: readonly (readonly [string, unknown, Parse])[] = [
  ['a genesis with deputies and three algorithms', genesis, parseNetworkGenesis],
  ['a committee', genesis.committee, parseCommittee],
  ['a committee epoch', handOver, parseSignedEpoch],
  ['a committee chain', { version: 1, epochs: [handOver] }, parseCommitteeChain],
  ['a vote request', { version: 1, subject, covers }, parseVoteRequest],
  ['a vote', { subject, ballot: ballotBy(principal(2), subject, 'push-back', 'why not') }, parseSignedVote],
  ['a vote certificate', soundCase().certificate, parseVoteCertificate],
  ['a proof of votes', { certificate: soundCase().certificate, covers }, parseProof],
  ['a standing order', standing, parseSignedGrant],
  ['a break-glass authorisation', glass, parseSignedGrant],
  ['a use of a grant', use, parseSignedGrantUse],
];

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof FirebreakFailure) return error.code;
    throw error;
  }
  return 'nothing was refused';
};

test.each(documents)('%s survives its own encoding unchanged', (_name, value, parse) => {
  expect(parse(encodeDocument(value), 'test')).toEqual(value);
});

test.each(documents)('%s with a field that nobody reads is refused', (_name, value, parse) => {
  expect(codeOf(() => parse(JSON.stringify({ ...(value as object), extra: 1 }), 'test'))).toBe('input.document-field');
});

test.each(documents)('%s cut short is refused', (_name, value, parse) => {
  const bytes = encodeDocument(value);
  for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 40)) {
    expect(codeOf(() => parse(bytes.subarray(0, length), 'test'))).toMatch(/^input\.document-(json|size)$/);
  }
});

const first = genesis.committee.members[0];
const wrong: readonly (readonly [string, Parse, unknown])[] = [
  [
    'a key of the wrong length for its algorithm',
    parseCommittee,
    {
      ...genesis.committee,
      members: [{ name: 'a', key: hex(32), algorithm: 'ml-dsa-65' }],
      quorum: { freeze: 1, lift: 1 },
    },
  ],
  [
    'an unknown algorithm',
    parseCommittee,
    { ...genesis.committee, members: [{ name: 'a', key: hex(32), algorithm: 'rsa' }], quorum: { freeze: 1, lift: 1 } },
  ],
  [
    'a deputy with the key of its principal',
    parseCommittee,
    { epoch: 1, members: [{ ...first, deputy: { name: 'b', key: first?.key } }], quorum: { freeze: 1, lift: 1 } },
  ],
  [
    'a change quorum above the seats',
    parseCommittee,
    { ...genesis.committee, quorum: { freeze: 3, lift: 7, change: 11 } },
  ],
  [
    'a choice that nobody knows',
    parseSignedVote,
    { subject, ballot: { ...ballotBy(principal(3), subject), choice: 'yes' } },
  ],
  ['a class that nobody knows', parseVoteRequest, { version: 1, subject: { ...subject, class: 'everything' }, covers }],
  ['an approval of nothing', parseVoteRequest, { version: 1, subject, covers: [] }],
  [
    'an argument that is a value and a reference',
    parseVoteRequest,
    {
      version: 1,
      subject,
      covers: [{ ...covers[0], arguments: { a: { value: 1, output: { step: 's', name: 'n' } } } }],
    },
  ],
  [
    'an argument with a fraction',
    parseVoteRequest,
    { version: 1, subject, covers: [{ ...covers[0], arguments: { a: { value: 0.5 } } }] },
  ],
  ['a grant that lifts', parseSignedGrant, { ...standing, grant: { ...standing.grant, class: 'lift' } }],
  [
    'break-glass for a day',
    parseSignedGrant,
    { ...glass, grant: { ...glass.grant, limits: { ...grant.limits, freezeSecondsMax: 86_400 } } },
  ],
  [
    'a standing order with holders',
    parseSignedGrant,
    { ...standing, grant: { ...standing.grant, holders: [hex(32)] } },
  ],
  [
    'a signature of no known length',
    parseSignedGrant,
    { ...standing, signatures: [{ member: hex(32), signature: hex(65) }] },
  ],
];

test.each(wrong)('refused by its shape: %s', (_name, parse, value) => {
  expect(codeOf(() => parse(JSON.stringify(value), 'test'))).toBe('input.document-field');
});

test('a vote that names its choice twice is refused: two readers could see two votes', () => {
  const text = JSON.stringify({ subject, ballot: ballotBy(principal(3), subject) });
  const twice = text.replace('"choice":"approve"', '"choice":"reject","choice":"approve"');
  expect(codeOf(() => parseSignedVote(twice, 'test'))).toBe('input.document-field');
});

test('an argument named like the root of all objects is not one: it is neither shown nor under the digest', () => {
  const step = '{"step":"s","kind":"action","name":"n","arguments":{"__proto__":{"value":1}}}';
  const text = `{"version":1,"subject":${JSON.stringify(subject)},"covers":[${step}]}`;
  const { covers: read } = parseVoteRequest(text, 'test');
  expect(coveredDigest(read)).toBe(coveredDigest([{ step: 's', kind: 'action', name: 'n', arguments: {} }]));
});
