import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { validatorId } from '../domain/network/network.ts';
import type { KeyStore, SealLabel } from '../domain/ports/keystore.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import { identityFromSeed, identityHex } from '../wire/stream/host-identity.ts';
import { parseConfigText } from './config.ts';
import { testNetwork } from './custody/testkit/network.ts';
import { identityLabel, type InitOptions, initValidator } from './init.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-init-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Keeps what it is given, so that the test can look; `stopped` counts. */
function glassKeyStore() {
  const state = { sealed: new Uint8Array(), label: undefined as SealLabel | undefined, stopped: 0 };
  const keystore: KeyStore = {
    kind: 'glass',
    seal: async (secret, label) => {
      state.sealed = Uint8Array.from(secret);
      state.label = label;
      return new TextEncoder().encode('sealed');
    },
    unseal: async () => new Uint8Array(),
    destroy: async () => undefined,
    stop: async () => {
      state.stopped += 1;
    },
  };
  return { state, keystore };
}

const options = (change: Partial<InitOptions> = {}): InitOptions => ({
  folder: join(folder, 'validator-007'),
  id: 7,
  environment: 'development',
  network: 'regtest',
  rpcUrls: ['http://127.0.0.1:18443'],
  rpcUser: 'operator "seven"',
  rpcPasswordFile: 'rpc.secret',
  keyStorage: { type: 'file', passphraseFile: 'keystore.secret' },
  ...change,
});

test('init writes a file that parses without change and an identity that only its owner reads', async () => {
  const { state, keystore } = glassKeyStore();
  const made = await initValidator(options(), async () => keystore);
  const { toml } = parseConfigText(readFileSync(made.configFile, 'utf8'), made.configFile);
  expect(toml.validator).toMatchObject({ id: 7, network: 'regtest', environment: 'development' });
  expect(toml.bitcoin.rpc_user).toBe('operator "seven"');
  expect(readFileSync(made.identityFile, 'utf8')).toBe('sealed');
  expect(statSync(made.identityFile).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'validator-007', 'keystore.secret')).mode & 0o777).toBe(0o600);
  expect(state.label).toEqual(identityLabel(validatorId(7)));
  expect(made.identity).toBe(identityHex(identityFromSeed(state.sealed)));
  expect(state.stopped).toBe(1);
});

test('init beside a network file writes the numbers of that network', async () => {
  const { keystore } = glassKeyStore();
  const genesisFile = join(folder, 'network.json');
  const { genesis } = testNetwork(16, 11);
  const validators = genesis.validators.map((entry) => ({ ...entry, addresses: ['/ip4/127.0.0.1/tcp/4001'] }));
  writeFileSync(genesisFile, encodeDocument({ ...genesis, validators }));
  const made = await initValidator(options({ genesisFile }), async () => keystore);
  const { toml } = parseConfigText(readFileSync(made.configFile, 'utf8'), made.configFile);
  expect(toml.threshold).toMatchObject({ total_validators: 16, threshold: 11 });
});

test('init with an HSM writes the token and where its PIN comes from', async () => {
  const keyStorage = {
    type: 'hsm',
    module: '/usr/lib/softhsm.so',
    tokenLabel: 'validator-007',
    pinEnv: 'HSM_PIN',
  } as const;
  const made = await initValidator(options({ keyStorage, network: 'mainnet' }), async () => glassKeyStore().keystore);
  const { toml } = parseConfigText(readFileSync(made.configFile, 'utf8'), made.configFile);
  expect(toml.key_storage).toEqual({
    type: 'hsm',
    hsm_module: '/usr/lib/softhsm.so',
    hsm_token_label: 'validator-007',
    hsm_pin_env: 'HSM_PIN',
  });
});

test('init with an age identity writes it with the recipients, and makes no passphrase', async () => {
  const recipients = [`age1${'q'.repeat(58)}`, `age1${'p'.repeat(58)}`];
  const keyStorage = { type: 'file', ageIdentityFile: 'keystore.identity', ageRecipients: recipients } as const;
  const made = await initValidator(options({ keyStorage }), async () => glassKeyStore().keystore);
  const { toml } = parseConfigText(readFileSync(made.configFile, 'utf8'), made.configFile);
  expect(toml.key_storage).toEqual({ type: 'file', identity_file: 'keystore.identity', recipients });
  expect(readdirSync(options().folder).sort()).toEqual(['identity.sealed', 'validator.toml']);
});

test.each([
  ['a passphrase beside an identity', { ageIdentityFile: 'id', passphraseFile: 'secret' }, 'key_storage.identity_file'],
  [
    'recipients beside a passphrase',
    { passphraseFile: 'secret', ageRecipients: [`age1${'q'.repeat(58)}`] },
    'key_storage.recipients',
  ],
])('init with %s writes nothing', async (_what, chosen, field) => {
  const bad = options({ keyStorage: { type: 'file', ...chosen } });
  await expect(initValidator(bad, async () => glassKeyStore().keystore)).rejects.toMatchObject({
    code: 'input.config-contradiction',
    details: { field },
  });
  expect(existsSync(bad.folder)).toBe(false);
});

test('init replaces nothing', async () => {
  const { keystore } = glassKeyStore();
  const made = await initValidator(options(), async () => keystore);
  const before = readFileSync(made.configFile, 'utf8');
  await expect(initValidator(options({ id: 8 }), async () => keystore)).rejects.toMatchObject({
    code: 'conflict.config-exists',
  });
  expect(readFileSync(made.configFile, 'utf8')).toBe(before);
});

test('init that would write a bad file writes nothing', async () => {
  const bad = options({ id: 101 });
  await expect(initValidator(bad, async () => glassKeyStore().keystore)).rejects.toMatchObject({
    code: 'input.config-field',
  });
  expect(existsSync(bad.folder)).toBe(false);
});

test('init whose keystore refuses leaves the folder as it was', async () => {
  const refuses = async (): Promise<KeyStore> => {
    throw new FirebreakFailure('input.keystore-pin', 'the PIN is wrong');
  };
  await expect(initValidator(options(), refuses)).rejects.toMatchObject({ code: 'input.keystore-pin' });
  expect(existsSync(options().folder)).toBe(false);
  mkdirSync(options().folder);
  writeFileSync(join(options().folder, 'notes'), 'mine');
  await expect(initValidator(options(), refuses)).rejects.toMatchObject({ code: 'input.keystore-pin' });
  expect(readdirSync(options().folder)).toEqual(['notes']);
});

test('init into what is no folder names the place', async () => {
  writeFileSync(join(folder, 'file'), '');
  const bad = options({ folder: join(folder, 'file', 'validator-007') });
  await expect(initValidator(bad, async () => glassKeyStore().keystore)).rejects.toMatchObject({
    code: 'unavailable.disk-write',
    message: expect.stringContaining(bad.folder),
  });
});
