import { expect, test } from '@jest/globals';
import { pointHex, whyNotEd25519 } from './edwards.ts';

const raw = 'ab'.repeat(32);

test.each(['', '0420', '032100'])('a point is read however the module wraps it (%j)', (head) => {
  expect(pointHex(Buffer.from(head + raw, 'hex'))).toBe(raw);
});

test.each(['', '0420', raw.slice(2), `0421${raw}ab`, `04${raw}`, `0439${'ab'.repeat(57)}`])(
  'what is no point of Ed25519 is none (%#)',
  (hex) => {
    expect(pointHex(Buffer.from(hex, 'hex'))).toBeUndefined();
  },
);

/** No module at hand has ML-DSA; the numbers are those of PKCS#11 3.2. */
test.each([
  [0x03, '06052b8104000a', /secp256k1.*BIP340.*file/],
  [0x4a, '', /ML-DSA.*3\.2.*file/],
  [0x40, '06032b6571', /another Edwards curve/],
  [0x03, '06082a8648ce3d030107', /ECDSA/],
  [0x00, '', /RSA/],
  [0x99, '', /type 0x99/],
])('a key of type %i says what it is instead, and where it can be kept', (type, parameters, words) => {
  expect(whyNotEd25519(type, parameters)).toMatch(words);
});
