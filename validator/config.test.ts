import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { loadConfig, parseConfigText } from './config.ts';
import { validatorConfigFailures } from './config/failures.ts';

const folder = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const good = `[validator]
id = 7
network = "regtest"
environment = "development"

[bitcoin]
rpc_url = "http://127.0.0.1:18443"
rpc_user = "operator"
rpc_password_env = "RPC_PASSWORD"

[threshold]
total_validators = 3
threshold = 2

[key_storage]
type = "file"
passphrase_env = "PASSPHRASE"

[network]
p2p_listen = "127.0.0.1:9001"

[monitoring]
metrics_port = 9090
health_check_port = 8080
`.replace('id = 7', 'id = 3');

const RECIPIENT = `age1${'q'.repeat(58)}`;
const hex = (pair: string): string => pair.repeat(32);
const genesis = {
  version: 1,
  name: 'laptop',
  environment: 'development',
  bitcoinNetwork: 'regtest',
  threshold: 2,
  validators: [1, 2, 3].map((id) => ({ id, identity: hex(`0${id}`), addresses: ['/ip4/127.0.0.1/tcp/9000'] })),
  coordinators: [hex('0c')],
  committee: { epoch: 1, members: [{ name: 'ann', key: hex('a1') }], quorum: { freeze: 1, lift: 1 } },
};

function refusal(run: () => unknown): FirebreakFailure {
  try {
    run();
  } catch (error) {
    if (error instanceof FirebreakFailure) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

const parsing = (text: string): FirebreakFailure => refusal(() => parseConfigText(text, 'validator.toml'));
const lineOf = (text: string, needle: string): number =>
  text.split('\n').findIndex((line) => line.includes(needle)) + 1;

test('a good file is read with its defaults', () => {
  const { toml } = parseConfigText(good, 'validator.toml');
  expect(toml.validator).toMatchObject({ id: 3, data_dir: '.' });
  expect(toml.bitcoin.confirmations_required).toBe(3);
  expect(toml.monitoring.listen_host).toBe('127.0.0.1');
  expect(toml.policy.version).toBe(1);
});

/** title, what is replaced, by what, code, field */
const wrong: readonly [string, string, string, string, string][] = [
  ['an id outside 1 to 100', 'id = 3', 'id = 101', 'input.config-field', 'validator.id'],
  ['an id that is text', 'id = 3', 'id = "3"', 'input.config-field', 'validator.id'],
  ['an unknown Bitcoin network', '"regtest"', '"signet"', 'input.config-field', 'validator.network'],
  ['an unknown environment', '"development"', '"test"', 'input.config-field', 'validator.environment'],
  ['a misspelt field', 'metrics_port', 'metric_port', 'input.config-field', 'monitoring.metric_port'],
  ['an unknown section', '[monitoring]', '[monitor]', 'input.config-field', 'monitor'],
  ['a URL without scheme', 'http://127.0.0.1:18443', '127.0.0.1:18443', 'input.config-field', 'bitcoin.rpc_url'],
  ['a password inside a URL', 'http://127', 'http://user:secret@127', 'input.config-field', 'bitcoin.rpc_url'],
  [
    'two nodes in two fields',
    'rpc_user',
    'rpc_urls = ["http://a"]\nrpc_user',
    'input.config-contradiction',
    'bitcoin.rpc_url',
  ],
  [
    'a user without password',
    'rpc_password_env = "RPC_PASSWORD"',
    '',
    'input.config-contradiction',
    'bitcoin.rpc_user',
  ],
  [
    'two passwords',
    'rpc_password_env',
    'rpc_password = "x"\nrpc_password_env',
    'input.config-contradiction',
    'bitcoin.rpc_password',
  ],
  [
    'a cookie beside a user',
    'rpc_user',
    'rpc_cookie_file = "c"\nrpc_user',
    'input.config-contradiction',
    'bitcoin.rpc_cookie_file',
  ],
  [
    'a threshold above the total',
    'threshold = 2',
    'threshold = 4',
    'input.config-contradiction',
    'threshold.threshold',
  ],
  ['an id above the total', 'id = 3', 'id = 4', 'input.config-contradiction', 'validator.id'],
  ['sealed files on mainnet', '"regtest"', '"mainnet"', 'input.config-contradiction', 'key_storage.type'],
  ['no passphrase', 'passphrase_env = "PASSPHRASE"', '', 'input.config-contradiction', 'key_storage.passphrase_env'],
  [
    'a passphrase beside an identity',
    'passphrase_env',
    'identity_file = "age.identity"\npassphrase_env',
    'input.config-contradiction',
    'key_storage.identity_file',
  ],
  [
    'recipients without an identity',
    'passphrase_env',
    `recipients = ["${RECIPIENT}"]\npassphrase_env`,
    'input.config-contradiction',
    'key_storage.recipients',
  ],
  [
    'more than ten recipients',
    'passphrase_env = "PASSPHRASE"',
    `identity_file = "age.identity"\nrecipients = [${Array(11).fill(`"${RECIPIENT}"`).join(', ')}]`,
    'input.config-field',
    'key_storage.recipients',
  ],
  [
    'a recipient of another kind',
    'passphrase_env = "PASSPHRASE"',
    'identity_file = "age.identity"\nrecipients = ["ssh-ed25519 secret"]',
    'input.config-field',
    'key_storage.recipients.0',
  ],
  [
    'the host identity for an age identity',
    'passphrase_env = "PASSPHRASE"',
    'identity_file = "./identity.sealed"',
    'input.config-contradiction',
    'key_storage.identity_file',
  ],
  [
    'an identity in the place of its file',
    'passphrase_env = "PASSPHRASE"',
    'identity_file = "AGE-SECRET-KEY-1secret"',
    'input.config-field',
    'key_storage.identity_file',
  ],
  [
    'an HSM slot for files',
    'type = "file"',
    'type = "file"\nhsm_slot = 1',
    'input.config-contradiction',
    'key_storage.hsm_slot',
  ],
  [
    'an HSM without module, slot and PIN',
    'type = "file"\npassphrase_env = "PASSPHRASE"',
    'type = "hsm"',
    'input.config-contradiction',
    'key_storage.hsm_module',
  ],
  ['one port twice', '8080', '9090', 'input.config-contradiction', 'monitoring.health_check_port'],
  ['the p2p port twice', '8080', '9001', 'input.config-contradiction', 'monitoring.health_check_port'],
  ['an address without port', '"127.0.0.1:9001"', '"127.0.0.1"', 'input.config-contradiction', 'network.p2p_listen'],
  ['a port above 65535', '= 9090', '= 90900', 'input.config-field', 'monitoring.metrics_port'],
];

test.each(wrong)('%s is refused with file, line, field and remedy', (_title, from, to, code, field) => {
  const text = good.replace(from, to);
  expect(text).not.toBe(good);
  const failure = parsing(text);
  expect(failure.code).toBe(code);
  expect(failure.details).toMatchObject({ file: 'validator.toml', field });
  expect(failure.details['remedy']).toBeTruthy();
  expect(failure.details['line']).toBeGreaterThan(0);
  expect(failure.message).toContain(`validator.toml:${Number(failure.details['line'])}: ${field}: `);
  expect(failure.message).not.toContain('secret');
  expect(Object.keys(validatorConfigFailures)).toContain(failure.code);
});

test('the line is the one of the field', () => {
  const text = good.replace('metrics_port = 9090', 'metrics_port = 0');
  expect(parsing(text).details['line']).toBe(lineOf(text, 'metrics_port = 0'));
  const missing = good.replace('environment = "development"\n', '');
  expect(parsing(missing).details).toMatchObject({
    field: 'validator.environment',
    line: lineOf(missing, '[validator]'),
  });
});

test('all problems are said at once', () => {
  const failure = parsing(good.replace('id = 3', 'id = 0').replace('= 8080', '= "x"'));
  expect(failure.message.split('\n')).toHaveLength(2);
});

test('text that is not TOML is refused with line and column', () => {
  const failure = parsing(good.replace('threshold = 2', 'threshold = = 2'));
  expect(failure.code).toBe('input.config-syntax');
  expect(failure.message).toMatch(/validator\.toml:\d+: column \d+/);
});

test('keys inside a multi-line string are not mistaken for settings', () => {
  const text = good
    .replace('rpc_user = "operator"', 'rpc_user = """\nid = 9\nmetrics_port = 1\n"""')
    .replace('= 8080', '= 0');
  expect(parsing(text).details['line']).toBe(lineOf(text, 'health_check_port = 0'));
});

function load(text: string, pinned: unknown = genesis) {
  writeFileSync(join(folder, 'validator.toml'), text);
  writeFileSync(join(folder, 'network.json'), JSON.stringify(pinned));
  return loadConfig(join(folder, 'validator.toml'));
}

test('a loaded configuration has absolute paths and names where secrets are, not what they are', () => {
  const { config, warnings } = load(good);
  expect(config.p2p).toMatchObject({
    listen: '/ip4/127.0.0.1/tcp/9001',
    identityFile: join(folder, 'identity.sealed'),
  });
  expect(config.bitcoin.password).toEqual({ kind: 'env', name: 'RPC_PASSWORD', field: 'bitcoin.rpc_password_env' });
  expect(config.keyStorage).toMatchObject({ type: 'file', passphrase: { kind: 'env', name: 'PASSPHRASE' } });
  expect(warnings).toEqual([]);
});

test('an identity file with recipients stands in the place of a passphrase', () => {
  const chosen = `identity_file = "age.identity"\nrecipients = ["${RECIPIENT}"]`;
  const { config } = load(good.replace('passphrase_env = "PASSPHRASE"', chosen));
  expect(config.keyStorage).toEqual({
    type: 'file',
    identityFile: join(folder, 'age.identity'),
    recipients: [RECIPIENT],
  });
  const real = good.replace('"regtest"', '"mainnet"').replace('passphrase_env = "PASSPHRASE"', chosen);
  expect(parsing(real)).toMatchObject({
    code: 'input.config-contradiction',
    details: { field: 'key_storage.type', line: lineOf(real, 'type = "file"') },
  });
});

test('a password in the file works and is warned about without being repeated', () => {
  const { warnings } = load(good.replace('rpc_password_env = "RPC_PASSWORD"', 'rpc_password = "hunter2"'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('validator.toml:9: bitcoin.rpc_password');
  expect(warnings[0]).not.toContain('hunter2');
});

test.each([
  ['environment', { ...genesis, environment: 'drill' }, 'validator.environment'],
  ['Bitcoin network', { ...genesis, bitcoinNetwork: 'testnet' }, 'validator.network'],
  ['threshold', { ...genesis, threshold: 3 }, 'threshold.threshold'],
])('a genesis with another %s is refused', (_what, pinned, field) => {
  const failure = refusal(() => load(good, pinned));
  expect(failure.code).toBe('input.config-contradiction');
  expect(failure.details['field']).toBe(field);
});

test('a roster of another size is refused', () => {
  const failure = refusal(() => load(good.replace('total_validators = 3', 'total_validators = 4')));
  expect(failure.details['field']).toBe('threshold.total_validators');
});

test('a missing genesis is named with the line that asks for it', () => {
  const failure = refusal(() => load(good.replace('[network]\n', '[network]\ngenesis_file = "nowhere.json"\n')));
  expect(failure.code).toBe('input.config-file');
  expect(failure.details).toMatchObject({ field: 'network.genesis_file', line: 20 });
});
