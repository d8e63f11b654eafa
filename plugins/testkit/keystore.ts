import { type KeysetId } from '../../domain/ceremony/ceremony.ts';
import { validatorId } from '../../domain/network/network.ts';
import type { KeyStore, KeyUse, SealLabel } from '../../domain/ports/keystore.ts';
import { codeOf, type TestTools } from './tools.ts';

/** One fresh, started keystore, its records, and what can be done to it from outside. */
export type KeystoreUnderTest = {
  readonly keystore: KeyStore;
  /** Every use that was recorded, oldest first. */
  readonly uses: readonly KeyUse[];
  /** From now on recording throws, as on a full disk. */
  breakRecording(): void;
  /** Another instance over the same storage, not yet started; absent when nothing survives the process. */
  readonly reopen?: () => Promise<KeyStore>;
  dispose(): Promise<void>;
};

const label: SealLabel = { keyset: 'ab'.repeat(16) as KeysetId, epoch: 1, validator: validatorId(7) };
const secretBytes = (length = 32): Uint8Array => new Uint8Array(length).map((_, at) => (at * 37 + 11) % 256);

/** Compliance of a `KeyStore`. */
export function keystoreCompliance(name: string, tools: TestTools, begin: () => Promise<KeystoreUnderTest>): void {
  const { expect } = tools;
  const scenario = (title: string, run: (under: KeystoreUnderTest) => Promise<void>): void => {
    tools.test(`${name}: ${title}`, async () => {
      const under = await begin();
      try {
        await run(under);
      } finally {
        await under.keystore.stop?.();
        await under.dispose();
      }
    });
  };
  const open = (keystore: KeyStore, sealed: Uint8Array, of = label) => keystore.unseal(sealed, of, 'compliance');

  scenario('a sealed secret opens under its own label, whatever its size', async ({ keystore }) => {
    for (const length of [1, 32, 48, 4096]) {
      const sealed = await keystore.seal(secretBytes(length), label);
      expect([...(await open(keystore, sealed))]).toEqual([...secretBytes(length)]);
    }
  });

  scenario('nothing, and more than 4,096 bytes, are not secrets', async ({ keystore }) => {
    for (const length of [0, 4097]) {
      expect(await codeOf(() => keystore.seal(new Uint8Array(length), label))).toBe('input.secret-size');
    }
  });

  scenario('the sealed form hides the secret and never repeats', async ({ keystore }) => {
    const first = Buffer.from(await keystore.seal(secretBytes(), label));
    const second = Buffer.from(await keystore.seal(secretBytes(), label));
    expect(first.includes(secretBytes())).toBe(false);
    expect(first.equals(second)).toBe(false);
  });

  scenario(
    'sealing leaves the caller’s secret alone, and wiping an opened one does not harm the sealed form',
    async ({ keystore }) => {
      const secret = secretBytes();
      const sealed = await keystore.seal(secret, label);
      expect([...secret]).toEqual([...secretBytes()]);
      (await open(keystore, sealed)).fill(0);
      expect([...(await open(keystore, sealed))]).toEqual([...secretBytes()]);
    },
  );

  scenario('a secret moved to another keyset, epoch or validator does not open', async ({ keystore }) => {
    const sealed = await keystore.seal(secretBytes(), label);
    const elsewhere: readonly SealLabel[] = [
      { ...label, keyset: 'ac'.repeat(16) as KeysetId },
      { ...label, keyset: 'identity' },
      { ...label, epoch: 2 },
      { ...label, validator: validatorId(8) },
      { ...label, epoch: 7, validator: validatorId(1) },
    ];
    for (const other of elsewhere)
      expect(await codeOf(() => open(keystore, sealed, other))).toBe('policy.sealed-damaged');
    expect(await codeOf(() => open(keystore, sealed))).toBe('nothing');
  });

  scenario('a sealed secret with any byte changed does not open', async ({ keystore }) => {
    const sealed = await keystore.seal(secretBytes(), label);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(await codeOf(() => open(keystore, changed))).toBe('policy.sealed-damaged');
    }
    expect(await codeOf(() => open(keystore, sealed))).toBe('nothing');
  });

  scenario('a sealed secret cut short or made longer does not open', async ({ keystore }) => {
    const sealed = await keystore.seal(secretBytes(), label);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(await codeOf(() => open(keystore, sealed.subarray(0, length)))).toBe('policy.sealed-damaged');
    }
    expect(await codeOf(() => open(keystore, Buffer.concat([sealed, new Uint8Array(1)])))).toBe(
      'policy.sealed-damaged',
    );
    expect(await codeOf(() => open(keystore, new Uint8Array(100_000)))).toBe('policy.sealed-damaged');
  });

  scenario('every use is recorded once with its purpose, refused ones too', async ({ keystore, uses }) => {
    const sealed = await keystore.seal(secretBytes(), label);
    expect(uses.length).toBe(0);
    await keystore.unseal(sealed, label, 'signing-1');
    const other = { ...label, epoch: 9 };
    await codeOf(() => keystore.unseal(sealed, other, 'signing-2'));
    expect(uses.map(({ purpose, outcome, label: of }) => ({ purpose, outcome, of }))).toEqual([
      { purpose: 'signing-1', outcome: 'opened', of: label },
      { purpose: 'signing-2', outcome: 'refused', of: other },
    ]);
    expect(uses.every(({ atMs }) => Math.abs(Date.now() - atMs) < 60_000)).toBe(true);
  });

  scenario('a use that cannot be recorded does not happen', async ({ keystore, breakRecording }) => {
    const sealed = await keystore.seal(secretBytes(), label);
    breakRecording();
    expect(await codeOf(() => open(keystore, sealed))).toBe('exception');
  });

  scenario('what was sealed opens after a restart, where the keystore is durable', async ({ keystore, reopen }) => {
    if (reopen === undefined) return;
    const sealed = await keystore.seal(secretBytes(), label);
    await keystore.stop?.();
    const again = await reopen();
    await again.start?.(new AbortController().signal);
    expect([...(await open(again, sealed))]).toEqual([...secretBytes()]);
    await again.stop?.();
  });

  scenario('many uses at once each get their own secret', async ({ keystore }) => {
    const secrets = Array.from({ length: 20 }, (_, at) => new Uint8Array(32).fill(at + 1));
    const sealed = await Promise.all(secrets.map((secret) => keystore.seal(secret, label)));
    const opened = await Promise.all(sealed.map((bytes) => open(keystore, bytes)));
    expect(opened.map((bytes) => [...bytes])).toEqual(secrets.map((bytes) => [...bytes]));
  });

  scenario('after destroy nothing opens or seals again, also after a restart', async ({ keystore, reopen }) => {
    const sealed = await keystore.seal(secretBytes(), label);
    await keystore.destroy();
    expect(await codeOf(() => open(keystore, sealed))).toBe('policy.keystore-destroyed');
    expect(await codeOf(() => keystore.seal(secretBytes(), label))).toBe('policy.keystore-destroyed');
    if (reopen === undefined) return;
    const again = await reopen();
    expect(await codeOf(async () => again.start?.(new AbortController().signal))).toBe('policy.keystore-destroyed');
    expect(await codeOf(() => open(again, sealed))).toBe('policy.keystore-destroyed');
  });

  scenario('it says that it is well while open, and stops twice', async ({ keystore }) => {
    expect((await keystore.health?.())?.state ?? 'ok').toBe('ok');
    await keystore.stop?.();
    await keystore.stop?.();
  });
}
