import { expect, test } from '@jest/globals';
import { type FailureCode, type FailureDetails, FirebreakFailure } from '../../domain/errors/failure.ts';
import type { KeyStorageConfig } from '../config.ts';
import { withItsLine } from './line-at-fault.ts';

const LINES: Readonly<Record<string, number>> = {
  'key_storage.hsm_pin_file': 21,
  'key_storage.hsm_token_label': 20,
  'network.p2p_listen': 24,
  'monitoring.metrics_port': 30,
};
const where = { file: 'validator.toml', lineOf: (path: readonly (string | number)[]) => LINES[path.join('.')] };
const token: KeyStorageConfig = {
  type: 'hsm',
  module: '/lib/token.so',
  slot: undefined,
  tokenLabel: 'validator-001',
  keyLabel: undefined,
  pin: { kind: 'file', path: '/pin', field: 'key_storage.hsm_pin_file' },
};

const said = (code: FailureCode, details: FailureDetails = {}, keyStorage: KeyStorageConfig = token): unknown =>
  withItsLine(new FirebreakFailure(code, 'it said no', details), { keyStorage }, where);

test.each([
  ['input.keystore-pin', {}, 21, 'key_storage.hsm_pin_file'],
  ['input.keystore-secret-source', {}, 21, 'key_storage.hsm_pin_file'],
  ['unavailable.token-absent', {}, 20, 'key_storage.hsm_token_label'],
  ['unavailable.listen-address', { address: '/ip4/127.0.0.1/tcp/9001' }, 24, 'network.p2p_listen'],
  ['unavailable.port-in-use', { port: 9090, field: 'monitoring.metrics_port' }, 30, 'monitoring.metrics_port'],
] as const)('%s names file, line and field, and is the same failure otherwise', (code, details, line, field) => {
  expect(said(code, details)).toMatchObject({
    code,
    message: `validator.toml:${line}: ${field}: it said no`,
    details: { ...details, file: 'validator.toml', line, field },
  });
});

test('a setting that is not written is named with its file alone', () => {
  const passphrase = { kind: 'env', name: 'PASSPHRASE', field: 'key_storage.passphrase_env' } as const;
  expect(said('input.keystore-pin', {}, { type: 'file', passphrase })).toMatchObject({
    message: 'validator.toml: key_storage.passphrase_env: it said no',
  });
});

test('what no setting is behind stays as it is', () => {
  const damaged = new FirebreakFailure('policy.journal-damaged', 'it is damaged');
  const bug = new Error('a mistake of ours');
  for (const error of [damaged, bug]) expect(withItsLine(error, { keyStorage: token }, where)).toBe(error);
});
