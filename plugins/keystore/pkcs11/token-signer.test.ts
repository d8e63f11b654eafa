import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testKey } from '../../../domain/committee/testkit/keys.ts';
import { documentDigest, TAGS } from '../../../domain/encoding/digest.ts';
import { codeOf } from '../../testkit/tools.ts';
import { CKK_EC_EDWARDS, CURVE_NAMES } from './edwards.ts';
import type { LoadPkcs11js } from './library.ts';
import { TokenSigner } from './token-signer.ts';
import { parseTokenKeyUri } from './token-uri.ts';

/** Answers that SoftHSM2 never gives; the real token is in test/compliance/member-token.test.ts. */
const { listed, sign } = testKey('member-0');
const digest = documentDigest(TAGS.selfTest, 'what a member signs');
const names = {
  CKA_CLASS: 0x00,
  CKA_KEY_TYPE: 0x100,
  CKA_SENSITIVE: 0x103,
  CKA_SIGN: 0x108,
  CKA_EXTRACTABLE: 0x162,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,
  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKF_TOKEN_INITIALIZED: 0x400,
};
const ATTRIBUTES: Readonly<Record<number, Buffer>> = {
  [names.CKA_KEY_TYPE]: Buffer.from([CKK_EC_EDWARDS, 0, 0, 0]),
  [names.CKA_SENSITIVE]: Buffer.from([1]),
  [names.CKA_SIGN]: Buffer.from([1]),
  [names.CKA_EXTRACTABLE]: Buffer.from([0]),
  [names.CKA_EC_PARAMS]: CURVE_NAMES[1] ?? Buffer.alloc(0),
  [names.CKA_EC_POINT]: Buffer.from(listed.key, 'hex'),
};
const ckr = (code: number) => Object.assign(new Error('CKR'), { code });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-token-signer-'));
  writeFileSync(join(folder, 'pin'), '1234\n', { mode: 0o400 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A token that does what a call of this test says in the place of the usual answer. */
function tokenWith(calls: Readonly<Record<string, (...given: never[]) => unknown>>, holdsKeys = true) {
  const asked: string[] = [];
  const usual: Readonly<Record<string, (...given: never[]) => unknown>> = {
    C_GetSlotList: () => [Buffer.alloc(8)],
    C_GetTokenInfo: () => ({ label: 'ann'.padEnd(32), flags: names.CKF_TOKEN_INITIALIZED }),
    C_OpenSession: () => Buffer.alloc(8),
    C_FindObjects: () => (holdsKeys ? [Buffer.alloc(8)] : []),
    C_GetAttributeValue: (_session: never, _key: never, [wanted]: never[]) => {
      const value = ATTRIBUTES[(wanted as unknown as { type: number }).type];
      if (value === undefined) throw ckr(0x12);
      return [{ value }];
    },
    C_Sign: () => Buffer.from(sign(digest), 'hex'),
    ...calls,
  };
  const answer =
    (_none: unknown, name: string) =>
    (...given: never[]) => {
      asked.push(name);
      return usual[name]?.(...given);
    };
  const load = (async () => ({
    ...names,
    PKCS11: class {
      constructor() {
        return new Proxy({}, { get: answer });
      }
    },
  })) as unknown as LoadPkcs11js;
  const uri = parseTokenKeyUri(`pkcs11:token=ann;object=member?module-path=/hsm.so&pin-source=${folder}/pin`);
  return {
    times: (name: string) => asked.filter((each) => each === name).length,
    make: () => TokenSigner.make(uri, load),
    sign: async () => {
      const signer = await TokenSigner.open(uri, load);
      try {
        return signer.sign(digest);
      } finally {
        signer.close();
      }
    },
  };
}
const refusing = (code: number) => () => {
  throw ckr(code);
};

test('a key whose curve goes by its name and whose point is bare signs', async () => {
  expect(await tokenWith({}).sign()).toBe(sign(digest));
});

test('a signature that does not fit is not given out', async () => {
  const token = tokenWith({ C_Sign: () => Buffer.alloc(64) });
  expect(await codeOf(token.sign)).toBe('policy.token-signature');
});

test.each([
  ['C_SignInit', 0x70, 'input.token-key-algorithm'],
  ['C_Sign', 0x30, 'unavailable.token-refused'],
  ['C_Sign', 0x32, 'unavailable.keystore-locked'],
  ['C_Login', 0xa0, 'input.keystore-pin'],
  ['C_Login', 0xa4, 'policy.keystore-pin-locked'],
  ['C_FindObjectsInit', 0x30, 'unavailable.token-refused'],
])('a token that answers %s with %i is %s, is asked once, and keeps no session', async (call, code, named) => {
  const token = tokenWith({ [call]: refusing(code) });
  expect(await codeOf(token.sign)).toBe(named);
  expect([token.times(call), token.times('C_Login'), token.times('C_CloseSession')]).toEqual([1, 1, 1]);
});

test('a key is asked for by the number of its curve, and by the name where the number is not known', async () => {
  const curves: unknown[] = [];
  const generate = (_session: never, _mechanism: never, template: { type: number; value: unknown }[]) => {
    curves.push(template.find(({ type }) => type === names.CKA_EC_PARAMS)?.value);
    if (curves.length === 1) throw ckr(0x140);
  };
  await tokenWith({ C_GenerateKeyPair: generate as never }, false).make();
  expect(curves).toEqual(CURVE_NAMES);
});

test('a token that has no Ed25519 at all says so, and is asked for a key once', async () => {
  const token = tokenWith({ C_GenerateKeyPair: refusing(0x70) }, false);
  expect(await codeOf(token.make)).toBe('input.token-key-algorithm');
  expect(token.times('C_GenerateKeyPair')).toBe(1);
});
