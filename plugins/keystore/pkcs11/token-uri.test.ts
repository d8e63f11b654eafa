import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { isTokenKeyUri, parseTokenKeyUri } from './token-uri.ts';

const MODULE = '/usr/lib/hsm.so';
const QUERY = `?module-path=${MODULE}&pin-source=file:/run/pin`;
const parse = (text: string, module?: string) => parseTokenKeyUri(text, module);
function refusalOf(text: string, module = ''): string {
  try {
    parse(text, module);
    return 'nothing';
  } catch (error) {
    if (error instanceof FirebreakFailure) return `${error.code}: ${error.message}`;
    throw error;
  }
}

test('a URI names token, key, library and the place of the PIN', () => {
  const uri = parse(`pkcs11:token=a%20b;serial=07;object=ann%3B1;id=%01%A0k;type=private${QUERY}`);
  expect(uri).toMatchObject({
    token: { label: 'a b', serial: '07' },
    key: { label: 'ann;1', id: Buffer.from('01a06b', 'hex') },
    module: MODULE,
    pin: { from: 'file', path: '/run/pin' },
  });
});

test('what other tools print of a token can be pasted, in any order', () => {
  const traits = 'model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=32bb;token=ann';
  expect(parse(`pkcs11:object=k;slot-id=17;${traits}${QUERY}`).token).toEqual({
    label: 'ann',
    serial: '32bb',
    manufacturer: 'SoftHSM project',
    model: 'SoftHSM v2',
    slot: 17,
  });
});

test.each([
  ['file:/run/a b', { from: 'file', path: '/run/a b' }],
  ['file:///run/pin', { from: 'file', path: '/run/pin' }],
  ['file://localhost/run/pin', { from: 'file', path: '/run/pin' }],
  ...['/media/ann/pin#1', '/media/ann/pin?', '/media/ann/%41', '/media/ann/a\\b', '/media/ann/../pin'].map(
    (path) => [`file:${path}`, { from: 'file', path }] as const,
  ),
  ['/run/pin', { from: 'file', path: '/run/pin' }],
  ['env:TOKEN_PIN', { from: 'environment', variable: 'TOKEN_PIN' }],
])('the place of a PIN may be written %s', (written, pin) => {
  const source = encodeURIComponent(written);
  expect(parse(`pkcs11:token=t;object=k?pin-source=${source}`, MODULE).pin).toEqual(pin);
});

test('the library of the URI goes before the one of the environment', () => {
  expect(parse(`pkcs11:token=t;object=k${QUERY}`, '/other.so').module).toBe(MODULE);
  expect(parse('pkcs11:token=t;object=k?pin-source=/p', '/other.so').module).toBe('/other.so');
});

test.each([
  [`pkcs11:object=k${QUERY}`, 'names no token'],
  [`pkcs11:token=t${QUERY}`, 'names no key'],
  ['pkcs11:token=t;object=k?pin-source=/p', 'names no PKCS#11 library'],
  ['pkcs11:token=t;object=k?pin-source=/p&module-path=hsm.so', 'needs the full path'],
  [`pkcs11:token=t;object=k?module-path=${MODULE}`, 'names no place for the PIN'],
  [`pkcs11:token=t;token=u;object=k${QUERY}`, 'has token twice'],
  [`pkcs11:token=;object=k${QUERY}`, 'empty token'],
  [`pkcs11:token=%1b%5bA;object=k${QUERY}`, 'control characters'],
  [`pkcs11:token=%ff;object=k${QUERY}`, 'percent signs in token'],
  [`pkcs11:token=t;object=k;type=cert${QUERY}`, 'a private key signs'],
  [`pkcs11:token=t;slot-id=one;object=k${QUERY}`, 'not a whole number'],
  [`pkcs11:token=t;id=%0${QUERY}`, 'has an id that is not'],
  [`pkcs11:token=t;object=k;pin-source=/p${QUERY}`, 'after "pkcs11:" the attribute pin-source that is not understood'],
  ['pkcs11:token=t;object=k?module-name=hsm', 'after "?" the attribute module-name that is not understood'],
  [`pkcs11:token=t;object=k;x-colour=red${QUERY}`, 'after "pkcs11:" the attribute number 3 that is not understood'],
  [`pkcs11:token=t;object=k${QUERY}&module-name`, 'after "?" the attribute number 3 that is not understood'],
  ...['file://ann/run/pin', 'file:////run/pin', 'file:run/pin', 'file:'].map(
    (source) => [`pkcs11:token=t;object=k?module-path=${MODULE}&pin-source=${source}`, 'neither file:/path'] as const,
  ),
  [`pkcs11:token=t;object=a?b${QUERY}`, 'more than one "?"'],
  [`pkcs11:token=${'t'.repeat(2_000)}`, 'more than 2000'],
])('%s is refused: it %s', (text, why) => {
  expect(refusalOf(text)).toMatch(/^input\.token-uri: /);
  expect(refusalOf(text)).toContain(why);
});

const wrongPlaces = (pin: string) =>
  [
    `pkcs11:token=t;object=k?module-path=${MODULE}&pin-value=${pin}`,
    `pkcs11:token=t;object=k;PIN-VALUE=${pin}${QUERY}`,
    `pkcs11:token=t;object=k?module-path=${MODULE}&pin-source=${pin}`,
    `pkcs11:token=t;object=k?module-path=${MODULE}&pin-source=%7Cecho%20${pin}`,
    `pkcs11:token=t;object=k?module-path=${MODULE}&pin-source=env:${pin}`,
    `pkcs11:token=t;object=k?module-path=${MODULE}&pin-source=file:${pin}`,
    `pkcs11:token=t;object=k?module-path=${MODULE}&pin=${pin}`,
    `pkcs11:token=t;object=k?module-path=${MODULE}&${pin}`,
    `pkcs11:token=t;object=k?module-path=${MODULE}&${pin}=`,
    `pkcs11:token=t;object=k;${pin}${QUERY}`,
    `pkcs11:token=t;object=k;slot-id=${pin}x${QUERY}`,
  ].map((text) => ({ pin, text }));

test.each(['73912846', 'letmein', 'hunter=zwei'].flatMap(wrongPlaces))(
  'a PIN that somebody wrote into the URI is refused and not repeated (%#)',
  ({ pin, text }) => {
    expect(refusalOf(text)).toMatch(/^input\.token-uri: /);
    for (const part of pin.split('=')) expect(refusalOf(text)).not.toContain(part);
  },
);

test('only what begins with the scheme is a URI', () => {
  expect(isTokenKeyUri('PKCS11:token=t')).toBe(true);
  expect(isTokenKeyUri('./pkcs11:token')).toBe(false);
});
