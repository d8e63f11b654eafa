import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bech32 } from '@scure/base';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import type { KeysetId } from '../../../domain/ceremony/ceremony.ts';
import { validatorId } from '../../../domain/network/network.ts';
import type { KeyStore, SealLabel } from '../../../domain/ports/keystore.ts';
import { codeOf } from '../../testkit/tools.ts';
import type { SealedFileConfig } from './config.ts';
import { sealedFile } from './index.ts';

const label: SealLabel = { keyset: 'ef'.repeat(16) as KeysetId, epoch: 1, validator: validatorId(2) };
const secret = new Uint8Array(32).fill(3);
const signal = new AbortController().signal;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firebreak-sealed-file-'));
  await writeSecret('passphrase', 'correct horse\n');
  warned = [];
});
afterEach(() => rm(dir, { recursive: true }));

async function writeSecret(name: string, text: string, mode = 0o400): Promise<void> {
  const path = join(dir, name);
  await rm(path, { force: true });
  await writeFile(path, text, { mode });
  await chmod(path, mode);
}

const byPassphrase = (): SealedFileConfig => ({
  unlock: { by: 'passphrase', source: { from: 'file', path: join(dir, 'passphrase') }, workFactor: 10 },
});
const byIdentity = (recipients: readonly string[] = []): SealedFileConfig => ({
  unlock: { by: 'identity', path: join(dir, 'identity'), recipients, where },
});
const where = { file: 'validator.toml', lineOf: () => 31 };
let warned: unknown[] = [];
const create = (config: SealedFileConfig): KeyStore =>
  sealedFile(config)({
    dir,
    bitcoinNetwork: 'regtest',
    recordUse: () => undefined,
    warn: ({ before, after }) => void warned.push({ before, after }),
  });
const start = (config: SealedFileConfig) => codeOf(() => create(config).start?.(signal));

async function started(config: SealedFileConfig): Promise<KeyStore> {
  const keystore = create(config);
  await keystore.start?.(signal);
  return keystore;
}

test('it is refused on mainnet when it is created, before it touches anything', async () => {
  const onMainnet = () => sealedFile(byPassphrase())({ dir, bitcoinNetwork: 'mainnet', recordUse: () => undefined });
  expect(await codeOf(onMainnet)).toBe('policy.sealed-file-on-mainnet');
  expect(await readdir(dir)).toEqual(['passphrase']);
});

test('a wrong passphrase is named, and the key file stays as it was', async () => {
  await started(byPassphrase());
  const before = await readFile(join(dir, 'keystore.age'));
  await writeSecret('passphrase', 'wrong horse');
  expect(await start(byPassphrase())).toBe('input.keystore-pin');
  expect((await readFile(join(dir, 'keystore.age'))).equals(before)).toBe(true);
  await writeSecret('passphrase', 'correct horse');
  expect(await start(byPassphrase())).toBe('nothing');
});

test('a key file with a bit flipped, or cut short, never opens and is never replaced', async () => {
  await started(byPassphrase());
  const path = join(dir, 'keystore.age');
  const good = await readFile(path);
  // Every eighth byte covers header, MAC and body; a changed salt is indistinguishable from a wrong passphrase.
  for (let at = 0; at < good.length; at += 8) {
    const changed = Uint8Array.from(good);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(path, changed);
    expect(await start(byPassphrase())).toMatch(/^(policy\.sealed-damaged|input\.keystore-pin)$/);
    await writeFile(path, good.subarray(0, at));
    expect(await start(byPassphrase())).toBe('policy.sealed-damaged');
  }
  await writeFile(path, good);
  expect(await start(byPassphrase())).toBe('nothing');
});

test('a key file that is gone is not replaced by a new key', async () => {
  await started(byPassphrase());
  await rm(join(dir, 'keystore.age'));
  expect(await start(byPassphrase())).toBe('policy.keystore-key-missing');
});

test('a data folder that another keystore sealed is refused by name', async () => {
  await writeFile(
    join(dir, 'keystore.json'),
    JSON.stringify({ version: 1, kind: 'pkcs11', key: 'ab', state: 'in-use' }),
  );
  expect(await start(byPassphrase())).toBe('policy.keystore-changed');
  await writeFile(join(dir, 'keystore.json'), '{"version":1');
  expect(await start(byPassphrase())).toBe('policy.keystore-key-missing');
});

test('a crash between the mark and the deed of destroy is finished at the next start', async () => {
  await started(byPassphrase());
  const marker = JSON.parse(await readFile(join(dir, 'keystore.json'), 'utf8'));
  await writeFile(join(dir, 'keystore.json'), JSON.stringify({ ...marker, state: 'destroyed' }));
  expect(await start(byPassphrase())).toBe('policy.keystore-destroyed');
  expect(await readdir(dir)).not.toContain('keystore.age');
});

test('with an identity file the share opens again, and a recovery recipient can open the key file with plain age', async () => {
  const recovery = await generateX25519Identity();
  await writeSecret('identity', `# created today\n${await generateX25519Identity()}\n`);
  const config = byIdentity([await identityToRecipient(recovery)]);
  const sealed = await (await started(config)).seal(secret, label);
  expect([...(await (await started(config)).unseal(sealed, label, 'test'))]).toEqual([...secret]);
  const decrypter = new Decrypter();
  decrypter.addIdentity(recovery);
  const plain = Buffer.from(await decrypter.decrypt(await readFile(join(dir, 'keystore.age'))));
  expect(plain.subarray(0, 16).toString()).toBe('firebreak-key/1\n');
  expect(plain.length).toBe(48);
  await writeSecret('identity', `${await generateX25519Identity()}\n`);
  expect(await start(config)).toBe('input.keystore-pin');
});

test('an identity file that is absent, empty or open to others is named', async () => {
  expect(await start(byIdentity())).toBe('input.keystore-identity-file');
  await writeSecret('identity', '# nothing here\n');
  expect(await start(byIdentity())).toBe('input.keystore-identity-file');
  await writeSecret('identity', `${await generateX25519Identity()}\n`, 0o444);
  expect(await start(byIdentity())).toBe('input.keystore-identity-file');
});

test('what is wrong with an identity file is said with the line that names it, and without the identity', async () => {
  const identity = await generateX25519Identity();
  const cut = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
  const wrong: readonly (readonly [string, number, string])[] = [
    ['# nothing here\n', 0o400, 'holds no AGE-SECRET-KEY line'],
    [`${identity}\n${cut}\n`, 0o400, 'its identity 2 is not as it was made'],
    [`${identity}\n`, 0o440, 'may be read by others (mode 440); run chmod 0400'],
    ['#'.repeat(70_000), 0o400, 'is too large for an identity file'],
  ];
  for (const [text, mode, remedy] of wrong) {
    await writeSecret('identity', text, mode);
    const refused = create(byIdentity()).start?.(signal);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(/^validator\.toml:31: identity_file: (?!.*AGE-SECRET-KEY-1)/),
      details: { file: 'validator.toml', line: 31, field: 'identity_file' },
    });
    await expect(refused).rejects.toThrow(remedy);
  }
  expect(await readdir(dir)).not.toContain('keystore.age');
});

/** Whether plain age opens the key file with an identity. */
async function opensWith(identity: string): Promise<boolean> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypter.decrypt(await readFile(join(dir, 'keystore.age'))).then(
    () => true,
    () => false,
  );
}

test('who may open the key file is who the last start named, and what was sealed before still opens', async () => {
  const [own, first, second] = [
    await generateX25519Identity(),
    await generateX25519Identity(),
    await generateX25519Identity(),
  ];
  await writeSecret('identity', own);
  const sealed = await (await started(byIdentity([await identityToRecipient(first)]))).seal(secret, label);
  expect([await opensWith(own), await opensWith(first), await opensWith(second)]).toEqual([true, true, false]);
  const before = await readFile(join(dir, 'keystore.age'));
  await started(byIdentity([await identityToRecipient(first)]));
  expect((await readFile(join(dir, 'keystore.age'))).equals(before)).toBe(true);
  const changed = await started(byIdentity([await identityToRecipient(second)]));
  expect([await opensWith(own), await opensWith(first), await opensWith(second)]).toEqual([true, false, true]);
  expect([...(await changed.unseal(sealed, label, 'test'))]).toEqual([...secret]);
});

test('a start with other recipients than before says in the log who they were and are, and any other start says nothing', async () => {
  const [own, first, second] = [
    await generateX25519Identity(),
    await generateX25519Identity(),
    await generateX25519Identity(),
  ];
  const [ours, old, added] = [
    await identityToRecipient(own),
    await identityToRecipient(first),
    await identityToRecipient(second),
  ];
  await writeSecret('identity', own);
  for (const recipients of [[old], [old], [old, ours]]) await started(byIdentity(recipients));
  expect(warned).toEqual([]);
  const keystore = await started(byIdentity([added, old]));
  await started(byIdentity([old, added]));
  expect(warned).toEqual([{ before: [ours, old].sort(), after: [ours, old, added].sort() }]);
  expect(keystore.describe?.()).toEqual({
    file: join(dir, 'keystore.age'),
    unlockedBy: 'identity',
    recipient1: added,
    recipient2: old,
  });
});

test('a folder of a build that remembered a digest of its recipients starts, and says it when they change', async () => {
  const own = await generateX25519Identity();
  const [ours, added] = [await identityToRecipient(own), await identityToRecipient(await generateX25519Identity())];
  await writeSecret('identity', own);
  await started(byIdentity());
  const path = join(dir, 'keystore.json');
  const marker = { ...JSON.parse(await readFile(path, 'utf8')), recipients: sha256Hex(Buffer.from(ours)) };
  await writeFile(path, JSON.stringify(marker));
  await started(byIdentity());
  expect(warned).toEqual([]);
  await started(byIdentity([added]));
  expect(warned).toEqual([{ before: expect.stringContaining('not remembered'), after: [ours, added].sort() }]);
});

test('a key file that plain age moved from a passphrase to identities opens, and an identity is replaced by way of both', async () => {
  const sealed = await (await started(byPassphrase())).seal(secret, label);
  const [old, next] = [await generateX25519Identity(), await generateX25519Identity()];
  const decrypter = new Decrypter();
  decrypter.addPassphrase('correct horse');
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(old));
  const path = join(dir, 'keystore.age');
  await writeFile(path, await encrypter.encrypt(await decrypter.decrypt(await readFile(path))));
  for (const identities of [old, `${old}\n${next}`, next]) {
    await writeSecret('identity', identities);
    const keystore = await started(byIdentity());
    expect([...(await keystore.unseal(sealed, label, 'test'))]).toEqual([...secret]);
  }
  expect([await opensWith(old), await opensWith(next)]).toEqual([false, true]);
  expect(warned).toHaveLength(3);
  expect(warned[0]).toMatchObject({ before: 'a passphrase' });
});

test('a recipient that is spelt well and is no key is refused by its setting', async () => {
  await writeSecret('identity', await generateX25519Identity());
  const nobody = bech32.encodeFromBytes('age', new Uint8Array(32));
  await expect(create(byIdentity([nobody])).start?.(signal)).rejects.toMatchObject({
    code: 'input.config',
    details: { field: 'recipients', line: 31 },
  });
  expect(await readdir(dir)).toEqual(['identity', 'passphrase']);
});

test('before start and after stop nothing opens', async () => {
  const keystore = create(byPassphrase());
  expect(await codeOf(() => keystore.seal(secret, label))).toBe('unavailable.keystore-locked');
  expect((await keystore.health?.())?.state).toBe('down');
  await keystore.start?.(signal);
  const sealed = await keystore.seal(secret, label);
  await keystore.stop?.();
  expect(await codeOf(() => keystore.unseal(sealed, label, 'test'))).toBe('unavailable.keystore-locked');
});

test('neither passphrase nor secret stands in what it writes', async () => {
  await (await started(byPassphrase())).seal(secret, label);
  for (const name of ['keystore.age', 'keystore.json']) {
    const bytes = await readFile(join(dir, name));
    for (const needle of [Buffer.from('correct horse'), Buffer.from(secret)])
      expect(bytes.includes(needle)).toBe(false);
  }
  // The search itself finds what is there.
  expect((await readFile(join(dir, 'passphrase'))).includes('correct horse')).toBe(true);
});
