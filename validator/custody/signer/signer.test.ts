import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { generateX25519Identity as newIdentity, identityToRecipient } from 'age-encryption';
import { type CeremonyId, keysetOf, type PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import type { KeyStore, KeyUse } from '../../../domain/ports/keystore.ts';
import { memory } from '../../../plugins/keystore/memory/index.ts';
import { plugin as sealedFile } from '../../../plugins/keystore/sealed-file/index.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import { dealKeyset } from '../../../threshold/testkit/keyset.ts';
import { verifyingSuite } from '../../../threshold/verify/suite.ts';
import { SILENT } from '../testkit/agents.ts';
import type { SignerClient } from './client.ts';
import { inProcessSigner } from './in-process.ts';
import { NoncePool } from './nonces.ts';
import { startSignerThread } from './start.ts';

const ENTRY = new URL('../../signer.ts', import.meta.url);
const TRANSCRIPT = 'cd'.repeat(32) as Digest;
const CEREMONY = `keygen-${'ab'.repeat(16)}` as CeremonyId;
const MESSAGE = new Uint8Array(32).fill(5);
const ONE = validatorId(1);
const TWO = validatorId(2);

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'firebreak-signer-'));
  stops.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function startThread(
  self: ValidatorId,
  uses: KeyUse[],
  recordUse = (use: KeyUse) => void uses.push(use),
): Promise<SignerClient> {
  const dataDir = folder();
  const keystore = { use: 'memory', settings: {}, file: join(dataDir, 'validator.toml') };
  const workerData = { self, bitcoinNetwork: 'regtest', dataDir, keystore };
  const signer = await startSignerThread({ entry: ENTRY, workerData, recordUse, logger: SILENT });
  stops.push(() => signer.stop());
  return signer;
}

/** Two of two signers make a key; what is sealed opens only in the signer that sealed it. */
async function makeKey(signers: readonly [SignerClient, SignerClient]) {
  const [a, b] = signers;
  const context = { ceremony: CEREMONY, epoch: 1, participants: [ONE, TWO], threshold: 2 };
  const openings = new Map([
    [ONE, await a.startKeygen(context)],
    [TWO, await b.startKeygen(context)],
  ]);
  const fromA = (await a.keygenShares(CEREMONY, openings)).get(TWO);
  const fromB = (await b.keygenShares(CEREMONY, openings)).get(ONE);
  if (fromA === undefined || fromB === undefined) throw new Error('each signer has a share for the other');
  const sealedA = await a.finishKeygen(CEREMONY, new Map([[TWO, fromB]]), TRANSCRIPT);
  const sealedB = await b.finishKeygen(CEREMONY, new Map([[ONE, fromA]]), TRANSCRIPT);
  if ('disputed' in sealedA || 'disputed' in sealedB) throw new Error('both shares are good');
  const key: PublicKeyPackage = {
    ...dealKeyset('shape', 2, 2).key,
    keyset: keysetOf(CEREMONY),
    groupKey: Buffer.from(sealedA.groupKey).toString('hex'),
    verifyingShares: sealedA.verifyingShares.map((share) => Buffer.from(share).toString('hex')),
  };
  return { key, sealed: [sealedA.sealedShare, sealedB.sealedShare] as const };
}

test('two signer threads make a key, sign with it, and record every opening of a share before it happens', async () => {
  const uses: KeyUse[] = [];
  const signers = [await startThread(ONE, uses), await startThread(TWO, uses)] as const;
  expect(signers[0].keystore).toBe('memory');
  const { key, sealed } = await makeKey(signers);
  const nonces = [
    await signers[0].commit(key, sealed[0], 1, 'signing-a'),
    await signers[1].commit(key, sealed[1], 1, 'signing-a'),
  ];
  const commitments = nonces.map(([pair], at) => {
    if (pair === undefined) throw new Error('one pair was asked for');
    return { validator: validatorId(at + 1), nonces: pair };
  });
  const shares = new Map<ValidatorId, Uint8Array>();
  for (const [at, signer] of signers.entries()) {
    const own = commitments[at];
    if (own === undefined) throw new Error('each signer committed');
    const input = { tweak: undefined, signers: commitments, message: MESSAGE, own: own.nonces };
    const [share] = await signer.sign(key, sealed[at] ?? new Uint8Array(), [input], 'signing-a');
    shares.set(own.validator, share ?? new Uint8Array());
    await expect(signer.sign(key, sealed[at] ?? new Uint8Array(), [input], 'signing-a')).rejects.toMatchObject({
      code: 'conflict.nonce-unknown',
    });
  }
  expect(verifyingSuite.aggregate(key, undefined, commitments, MESSAGE, shares)).toHaveLength(64);
  expect(uses.filter(({ outcome }) => outcome === 'opened').map(({ purpose }) => purpose)).toEqual(
    Array(6).fill('signing-a'),
  );
  await expect(signers[0].commit({ ...key, epoch: 2 }, sealed[0], 1, 'x')).rejects.toMatchObject({
    code: 'policy.sealed-damaged',
  });
  await expect(signers[0].commit(key, sealed[1], 1, 'x')).rejects.toMatchObject({ code: 'policy.sealed-damaged' });
});

test('a share that was sealed for recovery recipients opens with the identity of one of them, and not with a stranger’s', async () => {
  const dir = folder();
  const [own, recovery, stranger] = [await newIdentity(), await newIdentity(), await newIdentity()];
  const openedBy = async (identity: string, recipients: readonly string[]): Promise<KeyStore> => {
    writeFileSync(join(dir, 'id'), identity, { mode: 0o600 });
    const where = { file: join(dir, 'validator.toml'), lineOf: () => undefined };
    const config = sealedFile.parse({ identity_file: 'id', recipients }, where);
    const store = sealedFile.create(config)({ dir, bitcoinNetwork: 'regtest', recordUse: () => undefined });
    await store.start?.(AbortSignal.timeout(10_000));
    return store;
  };
  const store = await openedBy(own, [await identityToRecipient(recovery)]);
  const signers = [
    inProcessSigner({ self: ONE, suite: signingSuite, keystore: store }),
    inProcessSigner({ self: TWO, suite: signingSuite, keystore: keystore() }),
  ] as const;
  const { key, sealed } = await makeKey(signers);
  await expect(openedBy(stranger, [])).rejects.toMatchObject({ code: 'input.keystore-pin' });
  const recovered = inProcessSigner({ self: ONE, suite: signingSuite, keystore: await openedBy(recovery, []) });
  expect(await recovered.commit(key, sealed[0], 1, 'signing-a')).toHaveLength(1);
});

test('a share whose use cannot be recorded is not opened', async () => {
  const recordUse = () => {
    throw new Error('the journal is full');
  };
  const signers = [await startThread(ONE, [], recordUse), await startThread(TWO, [], recordUse)] as const;
  const { key, sealed } = await makeKey(signers);
  await expect(signers[0].commit(key, sealed[0], 1, 'signing-a')).rejects.toMatchObject({
    code: 'unavailable.key-use-unrecorded',
  });
});

test('a keystore that does not open is the reason why the signer does not start', async () => {
  const dataDir = folder();
  const keystore = {
    use: 'sealed-file',
    settings: { passphrase_env: 'NOT_SET_ANYWHERE' },
    file: join(dataDir, 'validator.toml'),
  };
  const workerData = { self: ONE, bitcoinNetwork: 'regtest', dataDir, keystore };
  const errors: string[] = [];
  const logger = { ...SILENT, error: (_facts: unknown, message: string) => void errors.push(message) };
  const starting = startSignerThread({ entry: ENTRY, workerData, recordUse: () => undefined, logger });
  await expect(starting).rejects.toMatchObject({ code: 'input.keystore-secret-source' });
  await new Promise((resolve) => setImmediate(resolve)); // the thread's exit comes after its last message
  expect(errors).toEqual([]);
});

test('whoever else can open a share from this start on is said in the log of the agent', async () => {
  const dataDir = folder();
  const added = await identityToRecipient(await newIdentity());
  writeFileSync(join(dataDir, 'id'), await newIdentity(), { mode: 0o600 });
  const said: unknown[] = [];
  const logger = { ...SILENT, warn: (facts: unknown) => void said.push(facts) };
  for (const recipients of [[], [added]]) {
    const keystore = {
      use: 'sealed-file',
      settings: { identity_file: 'id', recipients },
      file: join(dataDir, 'validator.toml'),
    };
    const workerData = { self: ONE, bitcoinNetwork: 'regtest', dataDir, keystore };
    await (await startSignerThread({ entry: ENTRY, workerData, recordUse: () => undefined, logger })).stop();
  }
  expect(said).toEqual([expect.objectContaining({ after: expect.arrayContaining([added]) })]);
});

/** A thread that says it is ready and then does what the test wants to every call. */
async function startFake(
  onCall: string,
  options: { callMsMax?: number; waitingMax?: number } = {},
): Promise<SignerClient> {
  const file = join(folder(), 'fake.mjs');
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', (m) => { if (m.kind === 'stop') process.exit(0); ${onCall} });
     parentPort.postMessage({ kind: 'ready', keystore: 'fake' });`,
  );
  const signer = await startSignerThread({
    entry: pathToFileURL(file),
    workerData: {},
    recordUse: () => undefined,
    logger: SILENT,
    ...options,
  });
  stops.push(() => signer.stop());
  return signer;
}

test('a signer that dies fails who waits, halts once, and answers nobody afterwards', async () => {
  const signer = await startFake('process.exit(3)');
  const halts: string[] = [];
  signer.onHalt((reason) => halts.push(reason));
  await expect(signer.eraseKeygen(CEREMONY)).rejects.toMatchObject({ code: 'unavailable.signer-stopped' });
  await expect(signer.eraseKeygen(CEREMONY)).rejects.toMatchObject({ code: 'unavailable.signer-stopped' });
  expect(halts).toEqual(['exit 3']);
  signer.onHalt((reason) => halts.push(`late ${reason}`));
  expect(halts).toEqual(['exit 3', 'late exit 3']);
});

test('a silent signer is given up on, and only so many wait for it', async () => {
  const signer = await startFake('', { callMsMax: 50, waitingMax: 2 });
  const [first, second, third] = await Promise.allSettled([1, 2, 3].map(() => signer.eraseKeygen(CEREMONY)));
  expect(first).toMatchObject({ reason: { code: 'unavailable.signer-timeout' } });
  expect(second).toMatchObject({ reason: { code: 'unavailable.signer-timeout' } });
  expect(third).toMatchObject({ reason: { code: 'unavailable.signer-busy' } });
});

test('a signer that is late says so until it answers anything again', async () => {
  const slow = "setTimeout(() => parentPort.postMessage({ kind: 'result', id: m.id }), 300);";
  const signer = await startFake(slow, { callMsMax: 50 });
  expect(signer.late()).toBeUndefined();
  await expect(signer.eraseKeygen(CEREMONY)).rejects.toMatchObject({ code: 'unavailable.signer-timeout' });
  expect(signer.late()).toBe('eraseKeygen');
  while (signer.late() !== undefined) await new Promise((resolve) => setImmediate(resolve));
});

test('stopping is not dying: nobody is told to halt', async () => {
  const signer = await startFake('');
  const halts: string[] = [];
  signer.onHalt((reason) => halts.push(reason));
  await signer.stop();
  await expect(signer.eraseKeygen(CEREMONY)).rejects.toMatchObject({ code: 'unavailable.signer-stopped' });
  expect(halts).toEqual([]);
});

const keystore = (): KeyStore => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });

test('the oldest nonces give way to new ones and are wiped', () => {
  const pool = new NoncePool(2);
  const pair = (n: number) => ({ hiding: new Uint8Array([n]), binding: new Uint8Array([n]) });
  const secrets = [1, 2, 3].map((n) => new Uint8Array(64).fill(n));
  for (const [at, secret] of secrets.entries()) pool.put(pair(at), secret);
  expect(pool.size).toBe(2);
  expect(pool.take(pair(0))).toBeUndefined();
  expect(secrets[0]).toEqual(new Uint8Array(64));
  expect(pool.take(pair(1))).toBe(secrets[1]);
  expect(pool.take(pair(1))).toBeUndefined();
  pool.erase();
  expect(secrets[2]).toEqual(new Uint8Array(64));
});

test('the share of another package is not signed with, and its nonce is gone all the same', async () => {
  const store = keystore();
  const signer = inProcessSigner({ self: ONE, suite: signingSuite, keystore: store });
  const mine = dealKeyset('mine', 2, 2);
  const other = { ...dealKeyset('other', 2, 2).key, keyset: mine.key.keyset };
  const share = Uint8Array.from(mine.shares[0] ?? []);
  const sealed = await store.seal(share, { keyset: mine.key.keyset, epoch: mine.key.epoch, validator: ONE });
  const [own] = await signer.commit(mine.key, sealed, 1, 'test');
  if (own === undefined) throw new Error('one pair was asked for');
  const input = { tweak: undefined, signers: [{ validator: ONE, nonces: own }], message: MESSAGE, own };
  await expect(signer.sign(other, sealed, [input], 'test')).rejects.toMatchObject({ code: 'policy.share-mismatch' });
  await expect(signer.sign(mine.key, sealed, [input], 'test')).rejects.toMatchObject({
    code: 'conflict.nonce-unknown',
  });
});

test('too many key generations push out the oldest, whose secrets are gone', async () => {
  const signer = inProcessSigner({ self: ONE, suite: signingSuite, keystore: keystore(), keygensMax: 1 });
  const context = { ceremony: CEREMONY, epoch: 1, participants: [ONE, TWO], threshold: 2 };
  await signer.startKeygen(context);
  await signer.startKeygen({ ...context, ceremony: `keygen-${'cd'.repeat(16)}` as CeremonyId });
  await expect(signer.keygenShares(CEREMONY, new Map())).rejects.toMatchObject({ code: 'conflict.keygen-lost' });
});

test('the host identity is sealed and opened by the same keystore', async () => {
  const signer = inProcessSigner({ self: ONE, suite: signingSuite, keystore: keystore() });
  const sealed = await signer.sealIdentity(new Uint8Array(32).fill(9));
  expect(await signer.unsealIdentity(sealed)).toEqual(new Uint8Array(32).fill(9));
});

test('the thread keeps no copy of the host identity that it sealed or handed over', async () => {
  const file = join(folder(), 'seen.mjs');
  // Seals whatever it was given last, so that the test sees what became of the bytes in the memory of the thread.
  writeFileSync(
    file,
    `import { runSigner } from ${JSON.stringify(new URL('./thread.ts', import.meta.url).href)};
     let given = new Uint8Array(32).fill(9);
     const keystore = {
       kind: 'seen',
       seal: async (secret) => { const before = Uint8Array.from(given); given = secret; return before; },
       unseal: async () => given,
     };
     await runSigner({ self: 1, openKeystore: async () => ({ keystore, close: async () => undefined }) });`,
  );
  const signer = await startSignerThread({
    entry: pathToFileURL(file),
    workerData: {},
    recordUse: () => undefined,
    logger: SILENT,
  });
  stops.push(() => signer.stop());
  expect(await signer.unsealIdentity(new Uint8Array(1))).toEqual(new Uint8Array(32).fill(9));
  expect(await signer.sealIdentity(new Uint8Array(32).fill(7))).toEqual(new Uint8Array(32));
  expect(await signer.sealIdentity(new Uint8Array(32).fill(8))).toEqual(new Uint8Array(32));
});
