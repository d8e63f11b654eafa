import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import {
  encodeDocument,
  parseKeyCertificate,
  parseNetworkGenesis,
  parseSignedOrder,
  parseSignedReleaseRequest,
  parseSignedTerms,
} from './index.ts';

const hex = (bytes: number, pair = 'ab') => pair.repeat(bytes);

const signedTerms = {
  terms: {
    version: 1,
    environment: 'development',
    network: 'laptop',
    bitcoinNetwork: 'regtest',
    purpose: 'loan 7',
    payoutScript: `5120${hex(32)}`,
    deposit: { amountSats: 1_000_000, deadlineHeight: 500 },
    maximumFeeSats: 5_000,
    ownerKey: hex(32),
    releaseKey: hex(32, 'cd'),
    salt: hex(16),
  },
  signature: hex(64),
};

const signedRequest = {
  request: {
    version: 1,
    environment: 'development',
    network: 'laptop',
    vault: hex(32),
    outpoints: [{ txid: hex(32), vout: 0 }],
    amountSats: 1_000_000,
    feeSats: 500,
    expiresAtSeconds: 2_000_000_000,
  },
  signature: hex(64),
};

const signedLadder = { ...signedRequest, request: { ...signedRequest.request, higherFeesSats: [1_000, 2_000] } };

const signedOrder = {
  order: {
    version: 1,
    kind: 'freeze',
    environment: 'development',
    network: 'laptop',
    committeeEpoch: 1,
    number: 1,
    scope: 'payouts',
    reason: 'key of validator 3 may be out',
    expiresAtSeconds: 2_000_000_000,
  },
  signatures: [{ member: hex(32), signature: hex(64) }],
};

const genesis = {
  version: 1,
  name: 'laptop',
  environment: 'development',
  bitcoinNetwork: 'regtest',
  threshold: 2,
  validators: [1, 2, 3].map((id) => ({ id, identity: hex(32, `0${id}`), addresses: ['/ip4/127.0.0.1/tcp/9000'] })),
  coordinators: [hex(32, '0c')],
  committee: {
    epoch: 1,
    members: [
      { name: 'ann', key: hex(32, 'a1') },
      { name: 'bo', key: hex(32, 'b0') },
    ],
    quorum: { freeze: 1, lift: 2 },
  },
};

const certificate = {
  package: {
    suite: 'FROST-secp256k1-SHA256-TR-v1',
    keyset: hex(16),
    epoch: 1,
    threshold: 2,
    participants: [1, 2, 3],
    groupKey: `02${hex(32)}`,
    verifyingShares: [`02${hex(32)}`, `03${hex(32)}`, `02${hex(32)}`],
    transcript: hex(32),
    chaincode: hex(32),
  },
  signatures: [{ validator: 1, signature: hex(64) }],
};

const documents: readonly [string, unknown, (source: Uint8Array | string, where: string) => unknown][] = [
  ['signed terms', signedTerms, parseSignedTerms],
  ['signed release request', signedRequest, parseSignedReleaseRequest],
  ['signed release request with higher fees', signedLadder, parseSignedReleaseRequest],
  ['signed order', signedOrder, parseSignedOrder],
  ['network genesis', genesis, parseNetworkGenesis],
  ['key certificate', certificate, parseKeyCertificate],
];

function failureOf(run: () => unknown): FirebreakFailure {
  try {
    run();
  } catch (error) {
    if (error instanceof FirebreakFailure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test.each(documents)('%s survives its own encoding unchanged', (_name, value, parse) => {
  expect(parse(encodeDocument(value), 'test')).toEqual(value);
});

test.each(documents)('%s with a field that nobody reads is refused by the name of the field', (_name, value, parse) => {
  const failure = failureOf(() => parse(JSON.stringify({ ...(value as object), extra: 1 }), 'file.json'));
  expect(failure.code).toBe('input.document-field');
  expect(failure.message).toContain('file.json');
  expect(failure.message).toContain('"extra"');
});

test.each(documents)('%s cut short at any byte is refused', (_name, value, parse) => {
  const bytes = encodeDocument(value);
  for (let length = 0; length < bytes.length; length += 7) {
    expect(failureOf(() => parse(bytes.subarray(0, length), 'test')).code).toMatch(/^input\.document-(json|size)$/);
  }
});

test('a field of the wrong type or range is named with its path', () => {
  const amount = { ...signedTerms, terms: { ...signedTerms.terms, deposit: { amountSats: 0.5, deadlineHeight: 1 } } };
  expect(failureOf(() => parseSignedTerms(JSON.stringify(amount), 't.json')).message).toContain(
    'terms.deposit.amountSats',
  );
  const outpoint = {
    ...signedRequest,
    request: { ...signedRequest.request, outpoints: [{ txid: hex(32, 'AB'), vout: 0 }] },
  };
  expect(failureOf(() => parseSignedReleaseRequest(JSON.stringify(outpoint), 'r.json')).message).toContain(
    'request.outpoints[0].txid',
  );
});

test('texts that two readers could hash or show differently are refused', () => {
  for (const purpose of ['"\\ud800"', '"a\\u202eb"', '"a\\nb"']) {
    const text = JSON.stringify(signedTerms).replace('"loan 7"', purpose);
    expect(failureOf(() => parseSignedTerms(text, 't')).details['field']).toBe('terms.purpose');
  }
});

test('a genesis that could never work is refused before anyone pins it', () => {
  const broken = [
    { ...genesis, threshold: 4 },
    { ...genesis, coordinators: [hex(32, '01')] },
    { ...genesis, validators: [...genesis.validators].reverse() },
    { ...genesis, validators: genesis.validators.map((entry) => ({ ...entry, identity: hex(32) })) },
    { ...genesis, committee: { ...genesis.committee, quorum: { freeze: 1, lift: 3 } } },
    {
      ...genesis,
      committee: { ...genesis.committee, members: [genesis.committee.members[0], genesis.committee.members[0]] },
    },
  ];
  for (const value of broken) {
    expect(failureOf(() => parseNetworkGenesis(JSON.stringify(value), 'network.json')).code).toBe(
      'input.document-field',
    );
  }
});

test('bytes that are not UTF-8 and documents above their limit are refused without being read', () => {
  expect(failureOf(() => parseSignedOrder(new Uint8Array([0x7b, 0xff, 0x7d]), 'o')).code).toBe(
    'input.document-encoding',
  );
  expect(failureOf(() => parseSignedOrder(new Uint8Array(70_000).fill(0x20), 'o')).code).toBe('input.document-size');
});

test('a document that a person typed is refused with the line of the field', () => {
  const typed = JSON.stringify({ ...signedTerms, terms: { ...signedTerms.terms, salt: 'short' } }, undefined, 2);
  const line = typed.split('\n').findIndex((text) => text.includes('"salt"')) + 1;
  expect(failureOf(() => parseSignedTerms(typed, 'terms.json')).message).toContain(
    `terms.json:${line}: signed terms: terms.salt: `,
  );
  const broken = typed.replace('"salt": "short"', '"salt": short');
  expect(failureOf(() => parseSignedTerms(broken, 'terms.json')).message).toContain(`terms.json:${line}:`);
});

test('a field that is named twice is refused, since a person reads the first and a program the last', () => {
  const twice = JSON.stringify(signedTerms).replace('"purpose":', '"maximumFeeSats":1,"purpose":');
  const failure = failureOf(() => parseSignedTerms(twice, 't'));
  expect(failure.code).toBe('input.document-field');
  expect(failure.message).toContain('terms.maximumFeeSats: is named twice');
});

test('numbers that lose digits, and names that reach into objects, are refused', () => {
  const lossy = JSON.stringify(signedTerms).replace('"amountSats":1000000', '"amountSats":9007199254740993');
  expect(failureOf(() => parseSignedTerms(lossy, 't')).details['field']).toBe('terms.deposit.amountSats');
  const proto = JSON.stringify(signedTerms).replace('"terms":', '"__proto__":{"a":1},"terms":');
  expect(failureOf(() => parseSignedTerms(proto, 't')).code).toBe('input.document-field');
});

test('a text of brackets alone is refused as quickly as any other', () => {
  const deep = `${'['.repeat(8_000)}${']'.repeat(8_000)}`;
  expect(failureOf(() => parseSignedTerms(deep, 't')).code).toBe('input.document-field');
  expect(failureOf(() => parseSignedTerms(deep.slice(0, 9_000), 't')).code).toBe('input.document-json');
});
