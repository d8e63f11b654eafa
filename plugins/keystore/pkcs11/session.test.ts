import { expect, test } from '@jest/globals';
import { codeOf } from '../../testkit/tools.ts';
import type { Pkcs11Config } from './config.ts';
import type { Pkcs11Library } from './library.ts';
import { TokenSession } from './session.ts';

/** States of a token that SoftHSM2 never reaches: it does not lock. */
const names = {
  CKF_TOKEN_INITIALIZED: 0x400,
  CKF_USER_PIN_FINAL_TRY: 0x20_000,
  CKF_USER_PIN_LOCKED: 0x40_000,
  CKF_SERIAL_SESSION: 4,
  CKF_RW_SESSION: 2,
  CKU_USER: 1,
};
const config: Pkcs11Config = {
  module: '/hsm.so',
  token: { by: 'label', label: 'hsm' },
  pin: { from: 'environment', variable: 'PIN' },
  keyLabel: 'key',
};

function tokenWith(flags: number, login: () => void, slots = 1) {
  let logins = 0;
  let closed = 0;
  const calls = {
    C_GetSlotList: () => Array.from({ length: slots }, (_, at) => Buffer.from([at, 0, 0, 0, 0, 0, 0, 0])),
    C_GetTokenInfo: () => ({ label: 'hsm'.padEnd(32), flags: flags | names.CKF_TOKEN_INITIALIZED }),
    C_OpenSession: () => Buffer.alloc(8),
    C_Login: () => {
      logins += 1;
      login();
    },
    C_CloseSession: () => {
      closed += 1;
    },
  };
  const library = { calls, names } as unknown as Pkcs11Library;
  return {
    open: () => codeOf(() => TokenSession.open(library, config, '1234')),
    logins: () => logins,
    closed: () => closed,
  };
}

const refusing = (code: number) => () => {
  throw Object.assign(new Error('CKR'), { code });
};

test.each([
  ['locked', names.CKF_USER_PIN_LOCKED],
  ['one wrong try before its lock', names.CKF_USER_PIN_FINAL_TRY],
])('a PIN that is %s is not tried by a machine', async (_how, flag) => {
  const token = tokenWith(flag, () => undefined);
  expect(await token.open()).toBe('policy.keystore-pin-locked');
  expect(token.logins()).toBe(0);
});

test.each([
  [0xa0, 'input.keystore-pin'],
  [0xa2, 'input.keystore-pin'],
  [0xa3, 'input.keystore-pin'],
  [0xa4, 'policy.keystore-pin-locked'],
  [0x102, 'input.keystore-pin'],
  [0x30, 'unavailable.keystore-locked'],
  [0x5, 'unavailable.keystore-locked'],
])('a login that the token answers with %i is %s, tried once, and leaves no session open', async (code, named) => {
  const token = tokenWith(0, refusing(code));
  expect(await token.open()).toBe(named);
  expect(token.logins()).toBe(1);
  expect(token.closed()).toBe(1);
});

test('a login that another session of the process did already is as good as ours', async () => {
  expect(await tokenWith(0, refusing(0x100)).open()).toBe('nothing');
});

test('two tokens with one label are refused instead of taking the first', async () => {
  expect(await tokenWith(0, () => undefined, 2).open()).toBe('input.keystore-token-ambiguous');
});
