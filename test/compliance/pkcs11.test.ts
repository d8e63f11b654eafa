import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { KeysetId } from '../../domain/ceremony/ceremony.ts';
import { validatorId } from '../../domain/network/network.ts';
import type { KeyStore, SealLabel } from '../../domain/ports/keystore.ts';
import type { Pkcs11Config } from '../../plugins/keystore/pkcs11/config.ts';
import { pkcs11 } from '../../plugins/keystore/pkcs11/index.ts';
import { loadLibrary, loadPkcs11js, reinitialise } from '../../plugins/keystore/pkcs11/library.ts';
import { findSlot } from '../../plugins/keystore/pkcs11/slot.ts';
import { codeOf } from '../../plugins/testkit/tools.ts';
import { type FreshToken, softHsm } from './soft-hsm.ts';

const label: SealLabel = { keyset: 'cd'.repeat(16) as KeysetId, epoch: 3, validator: validatorId(5) };
const secret = new Uint8Array(32).fill(9);
const signal = new AbortController().signal;

const hsm = await softHsm();
afterAll(() => hsm?.dispose());
const onToken = (title: string, run: (fresh: FreshToken, dir: string) => Promise<void>): void => {
  if (hsm === undefined) {
    test.skip(`${title} (SoftHSM2 is not here)`, () => undefined);
    return;
  }
  test(title, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'firebreak-pkcs11-'));
    try {
      await run(await hsm.freshToken(), dir);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
};

const keystoreIn = (dir: string, config: Pkcs11Config): KeyStore =>
  pkcs11(config)({ dir, bitcoinNetwork: 'regtest', recordUse: () => undefined });

async function started(dir: string, config: Pkcs11Config): Promise<KeyStore> {
  const keystore = keystoreIn(dir, config);
  await keystore.start?.(signal);
  return keystore;
}

const open = async (keystore: KeyStore, sealed: Uint8Array) => [...(await keystore.unseal(sealed, label, 'test'))];

async function writePin(path: string, pin: string): Promise<void> {
  await chmod(path, 0o600);
  await writeFile(path, pin);
}

/** A second view of the same library in this process, for looking at and disturbing what the keystore does. */
async function neighbour(config: Pkcs11Config, running = true) {
  const library = await loadLibrary(config.module, loadPkcs11js);
  // Looks afresh, so that it also sees a token made a moment ago.
  if (!running) reinitialise(library, config.module);
  return { ...library, slot: findSlot(library, config.token).handle };
}

onToken('the key that it makes cannot be read out of the token', async ({ config }, dir) => {
  const keystore = await started(dir, config);
  const { calls, names, slot } = await neighbour(config);
  const session = calls.C_OpenSession(slot, names.CKF_SERIAL_SESSION);
  calls.C_FindObjectsInit(session, [{ type: names.CKA_LABEL, value: config.keyLabel }]);
  const [key] = calls.C_FindObjects(session, 2);
  calls.C_FindObjectsFinal(session);
  if (key === undefined) throw new Error('the keystore made no key');
  const read = (type: number) => calls.C_GetAttributeValue(session, key, [{ type }])[0]?.value;
  for (const never of [names.CKA_EXTRACTABLE, names.CKA_MODIFIABLE, names.CKA_WRAP])
    expect(Buffer.from(read(never) as Buffer)[0]).toBe(0);
  for (const always of [names.CKA_SENSITIVE, names.CKA_NEVER_EXTRACTABLE])
    expect(Buffer.from(read(always) as Buffer)[0]).toBe(1);
  expect(() => read(names.CKA_VALUE)).toThrow('CKR_ATTRIBUTE_SENSITIVE');
  calls.C_CloseSession(session);
  await keystore.stop?.();
});

onToken('a wrong PIN is named, not tried twice, and healed by the right one', async ({ config, token }, dir) => {
  const right = await readFile(token.pinFile, 'utf8');
  await writePin(token.pinFile, 'wrong-pin');
  await chmod(token.pinFile, 0o400);
  const keystore = keystoreIn(dir, config);
  expect(await codeOf(() => keystore.start?.(signal))).toBe('input.keystore-pin');
  await expect(keystore.seal(secret, label)).rejects.toThrow('not tried again until it changes');
  await expect(keystore.seal(secret, label)).rejects.not.toThrow('wrong-pin');
  await writePin(token.pinFile, right);
  expect(await open(keystore, await keystore.seal(secret, label))).toEqual([...secret]);
  await keystore.stop?.();
});

onToken('a PIN file that others may read is refused before it is used', async ({ config, token }, dir) => {
  await chmod(token.pinFile, 0o440);
  const keystore = keystoreIn(dir, config);
  await expect(keystore.start?.(signal)).rejects.toThrow('chmod 0400');
  await keystore.stop?.();
});

onToken('a lost session costs one call, and the next one opens it again', async ({ config }, dir) => {
  const keystore = await started(dir, config);
  const sealed = await keystore.seal(secret, label);
  const { calls, slot } = await neighbour(config);
  calls.C_CloseAllSessions(slot);
  expect((await keystore.health?.())?.state).toBe('degraded');
  expect(await codeOf(() => open(keystore, sealed))).toBe('unavailable.keystore-locked');
  expect(await open(keystore, sealed)).toEqual([...secret]);
  calls.C_CloseAllSessions(slot);
  expect(await codeOf(() => keystore.seal(secret, label))).toBe('unavailable.keystore-locked');
  expect((await keystore.seal(secret, label)).length).toBeGreaterThan(32);
  expect((await keystore.health?.())?.state).toBe('ok');
  await keystore.stop?.();
});

onToken('a library that another part of the process finalised is initialised again', async ({ config }, dir) => {
  const keystore = await started(dir, config);
  const sealed = await keystore.seal(secret, label);
  (await neighbour(config)).calls.C_Finalize();
  expect(await codeOf(() => open(keystore, sealed))).toBe('unavailable.keystore-locked');
  expect(await open(keystore, sealed)).toEqual([...secret]);
  await keystore.stop?.();
});

onToken(
  'a token pulled while running is named, and put back it opens again without a restart',
  async ({ config, token }, dir) => {
    const keystore = await started(dir, config);
    const sealed = await keystore.seal(secret, label);
    const away = `${token.tokensDir}-away`;
    await rename(token.tokensDir, away);
    try {
      expect(await codeOf(() => open(keystore, sealed))).toBe('unavailable.keystore-locked');
      expect(await codeOf(() => open(keystore, sealed))).toBe('unavailable.token-absent');
      expect(await codeOf(() => keystore.seal(secret, label))).toBe('unavailable.token-absent');
      expect((await keystore.health?.())?.state).toBe('down');
    } finally {
      await rename(away, token.tokensDir);
    }
    expect(await open(keystore, sealed)).toEqual([...secret]);
    await keystore.stop?.();
  },
);

onToken('damage is told from a lost session: it stays refused and the session stays open', async ({ config }, dir) => {
  const keystore = await started(dir, config);
  const sealed = await keystore.seal(secret, label);
  const damaged = Uint8Array.from(sealed);
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  for (let round = 0; round < 3; round += 1) {
    expect(await codeOf(() => open(keystore, damaged))).toBe('policy.sealed-damaged');
    expect(await open(keystore, sealed)).toEqual([...secret]);
  }
  await keystore.stop?.();
});

onToken('a token without the key that sealed is refused instead of getting a new key', async ({ config }, dir) => {
  const keystore = await started(dir, config);
  await keystore.stop?.();
  const other = keystoreIn(dir, { ...config, keyLabel: 'another-key' });
  expect(await codeOf(() => other.start?.(signal))).toBe('policy.keystore-key-missing');
  if (hsm !== undefined) {
    const replaced = keystoreIn(dir, (await hsm.freshToken()).config);
    expect(await codeOf(() => replaced.start?.(signal))).toBe('policy.keystore-key-missing');
  }
});

onToken('a key that could leave the token is refused', async ({ config, token }, dir) => {
  const { calls, names, slot } = await neighbour(config, false);
  const session = calls.C_OpenSession(slot, names.CKF_SERIAL_SESSION | names.CKF_RW_SESSION);
  calls.C_Login(session, names.CKU_USER, (await readFile(token.pinFile, 'utf8')).trim());
  calls.C_CreateObject(session, [
    { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
    { type: names.CKA_KEY_TYPE, value: names.CKK_AES },
    { type: names.CKA_VALUE, value: randomBytes(32) },
    { type: names.CKA_LABEL, value: config.keyLabel },
    { type: names.CKA_TOKEN, value: true },
    { type: names.CKA_EXTRACTABLE, value: true },
    { type: names.CKA_SENSITIVE, value: false },
  ]);
  const keystore = keystoreIn(dir, config);
  expect(await codeOf(() => keystore.start?.(signal))).toBe('policy.keystore-key-unfit');
  calls.C_CloseSession(session);
});

onToken('an absent token, a wrong library and an absent package each have a name', async ({ config }, dir) => {
  const absent = keystoreIn(dir, { ...config, token: { by: 'label', label: 'nobody' } });
  expect(await codeOf(() => absent.start?.(signal))).toBe('unavailable.token-absent');
  const slotless = keystoreIn(dir, { ...config, token: { by: 'slot', slot: 4_000_000_000 } });
  expect(await codeOf(() => slotless.start?.(signal))).toBe('unavailable.token-absent');
  const wrong = keystoreIn(dir, { ...config, module: '/nowhere/libpkcs11.so' });
  expect(await codeOf(() => wrong.start?.(signal))).toBe('input.keystore-module');
  const uninstalled = pkcs11(config, () => Promise.reject(new Error('Cannot find package')))({
    dir,
    bitcoinNetwork: 'regtest',
    recordUse: () => undefined,
  });
  expect(await codeOf(() => uninstalled.start?.(signal))).toBe('unavailable.pkcs11-not-installed');
});

onToken('it seals and opens inside a worker thread, where the signer owns it', async ({ config }, dir) => {
  const worker = new Worker(new URL('./pkcs11-thread.ts', import.meta.url).pathname, {
    workerData: { dir, config, label, secret },
  });
  const answer = await new Promise<unknown>((done, failed) => {
    worker.once('message', done);
    worker.once('error', failed);
    worker.once('exit', (code) => failed(new Error(`the thread ended with ${code} before it answered`)));
  });
  await worker.terminate();
  expect(answer).toEqual({
    opened: [...secret],
    moved: 'policy.sealed-damaged',
    uses: ['opened', 'refused'],
    mainThread: false,
  });
});
