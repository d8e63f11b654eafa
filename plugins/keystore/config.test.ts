import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bech32 } from '@scure/base';
import type { KeysetId } from '../../domain/ceremony/ceremony.ts';
import { type ConfigLocation } from '../../domain/plugin/manifest.ts';
import { validatorId } from '../../domain/network/network.ts';
import { sealLabelBytes } from './seal-label.ts';
import { readSecret } from './secret-source.ts';
import { parsePkcs11Config } from './pkcs11/config.ts';
import { parseSealedFileConfig } from './sealed-file/config.ts';

const where: ConfigLocation = { file: '/etc/firebreak/validator.toml', lineOf: () => 12 };
/** Of an identity that nobody has. */
const RECIPIENT = bech32.encodeFromBytes('age', new Uint8Array(32).fill(9));
const token = { module: '/usr/lib/hsm.so', token_label: 'validator-001' };

test.each([
  [{ ...token, pin: '1234' }, 'pin: never write it here'],
  [{ ...token }, 'pin_file: name pin_env, pin_file or pin_credential'],
  [{ ...token, pin_env: 'PIN', pin_file: 'pin' }, 'pin_env: set only one of'],
  [{ ...token, pin_env: 'lower case' }, 'pin_env: write the name of an environment variable'],
  [{ ...token, slot: 1, pin_env: 'PIN' }, 'slot: set token_label or slot'],
  [{ module: '/usr/lib/hsm.so', pin_env: 'PIN' }, 'token_label: name the token'],
  [{ ...token, module: 'hsm.so', pin_env: 'PIN' }, 'module: write the full path'],
  [{ ...token, pin_env: 'PIN', key_lable: 'x' }, 'key_lable: is not a setting'],
  [{ ...token, pin_env: 'PIN', token_label: 'x'.repeat(33) }, 'token_label: has at most 32'],
  ['pkcs11', 'section: '],
])('pkcs11 settings %j are refused with file, line, field and remedy', (input, message) => {
  expect(() => parsePkcs11Config(input, where)).toThrow(`/etc/firebreak/validator.toml:12: ${message}`);
});

test.each([
  [{ passphrase: 'hunter2' }, 'passphrase: never write it here'],
  [{}, 'passphrase_file: name passphrase_env'],
  [{ passphrase_env: 'A', passphrase_credential: 'b' }, 'passphrase_env: set only one of'],
  [{ passphrase_env: 'A', identity_file: 'id' }, 'identity_file: choose a passphrase or an identity file'],
  [{ passphrase_env: 'A', recipients: [RECIPIENT] }, 'recipients: age cannot combine'],
  [{ identity_file: 'id', recipients: ['ssh-ed25519 AAAA'] }, 'recipients.0: write an age recipient'],
  [{ identity_file: 'id', recipients: [`age1${'q'.repeat(58)}`] }, 'recipients.0: is not a whole age recipient'],
  [{ identity_file: 'AGE-SECRET-KEY-1QQ' }, 'identity_file: never write an identity here'],
  [{ passphrase_env: 'A', scrypt_work_factor: 30 }, 'scrypt_work_factor: must be at most 20'],
])('sealed-file settings %j are refused with file, line, field and remedy', (input, message) => {
  expect(() => parseSealedFileConfig(input, where)).toThrow(`/etc/firebreak/validator.toml:12: ${message}`);
});

test('a secret that was written into the configuration is not repeated by the refusal', () => {
  expect(() => parsePkcs11Config({ ...token, pin: 'hunter2' }, where)).toThrow(/^(?!.*hunter2)/);
  expect(() => parsePkcs11Config({ ...token, pin_env: 'hunter2 is my pin' }, where)).toThrow(/^(?!.*hunter2)/);
});

test('paths of secrets are relative to the configuration file', () => {
  expect(parsePkcs11Config({ ...token, pin_file: 'pin' }, where).pin).toEqual({
    from: 'file',
    path: '/etc/firebreak/pin',
  });
  expect(parseSealedFileConfig({ identity_file: 'id.txt' }, where).unlock).toEqual({
    by: 'identity',
    path: '/etc/firebreak/id.txt',
    recipients: [],
    where,
  });
});

test('a secret is read from environment, file and systemd credential without its last line break', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-secret-'));
  const kept = process.env['CREDENTIALS_DIRECTORY'];
  try {
    await writeFile(join(dir, 'pin'), '1234\n', { mode: 0o400 });
    // systemd's own access lists look like a right of the group.
    await writeFile(join(dir, 'credential'), '5678\r\n', { mode: 0o440 });
    await writeFile(join(dir, 'empty'), '\n', { mode: 0o400 });
    await writeFile(join(dir, 'open'), '1234\n', { mode: 0o444 });
    process.env['CREDENTIALS_DIRECTORY'] = dir;
    process.env['FIREBREAK_TEST_PIN'] = 'abcd';
    expect(await readSecret({ from: 'environment', variable: 'FIREBREAK_TEST_PIN' })).toBe('abcd');
    expect(await readSecret({ from: 'file', path: join(dir, 'pin') })).toBe('1234');
    expect(await readSecret({ from: 'systemd-credential', name: 'credential' })).toBe('5678');
    for (const name of ['empty', 'open', 'absent']) {
      await expect(readSecret({ from: 'file', path: join(dir, name) })).rejects.toMatchObject({
        code: 'input.keystore-secret-source',
      });
    }
    await expect(readSecret({ from: 'environment', variable: 'FIREBREAK_TEST_ABSENT' })).rejects.toThrow(
      'FIREBREAK_TEST_ABSENT is not set',
    );
    delete process.env['CREDENTIALS_DIRECTORY'];
    await expect(readSecret({ from: 'systemd-credential', name: 'credential' })).rejects.toThrow('LoadCredential');
  } finally {
    if (kept === undefined) delete process.env['CREDENTIALS_DIRECTORY'];
    else process.env['CREDENTIALS_DIRECTORY'] = kept;
    delete process.env['FIREBREAK_TEST_PIN'];
    await rm(dir, { recursive: true });
  }
});

test('no two labels have the same bytes, however their parts are cut', () => {
  const bytes = (keyset: string, epoch: number, validator: number) =>
    Buffer.from(sealLabelBytes({ keyset: keyset as KeysetId, epoch, validator: validatorId(validator) })).toString(
      'hex',
    );
  const all = [
    bytes('a', 1, 2),
    bytes('a', 2, 1),
    bytes('a1', 1, 2),
    bytes('a', 12, 0),
    bytes('a', 1, 20),
    bytes('', 1, 2),
    bytes('identity', 1, 2),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(() => bytes('a', -1, 1)).toThrow(RangeError);
  expect(() => bytes('a', 2 ** 32, 1)).toThrow(RangeError);
});
