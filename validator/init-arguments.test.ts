import { expect, test } from '@jest/globals';
import { readInitArguments } from './init-arguments.ts';

const folderOf = (...args: string[]): string => readInitArguments(['--id', '7', ...args]).options.folder;

test('the folder can be named as the other verbs name theirs', () => {
  expect(folderOf('--data', 'v7')).toBe('v7');
  expect(folderOf('--dir', 'v7')).toBe('v7');
  expect(folderOf('--dir', 'v7', '--data', 'v7')).toBe('v7');
  expect(folderOf()).toBe('.');
});

test('two folders are one too many', () => {
  expect(() => folderOf('--dir', 'v7', '--data', 'v8')).toThrow('--dir and --data name two folders');
});

const keyStorageOf = (...args: string[]) => readInitArguments(['--id', '7', ...args]).options.keyStorage;

test('sealed files are opened by a passphrase that is made, unless another one or an age identity is named', () => {
  expect(keyStorageOf()).toEqual({ type: 'file', passphraseFile: 'keystore.secret' });
  expect(keyStorageOf('--passphrase-env', 'P')).toEqual({ type: 'file', passphraseEnv: 'P' });
  expect(keyStorageOf('--age-identity-file', 'id', '--age-recipient', 'age1a', '--age-recipient', 'age1b')).toEqual({
    type: 'file',
    ageIdentityFile: 'id',
    ageRecipients: ['age1a', 'age1b'],
  });
});
