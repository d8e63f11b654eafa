import { schnorr } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import type { TermsSource } from '../../domain/ports/terms-source.ts';
import { type SignedTerms, type Terms, type VaultId, vaultIdOf } from '../../domain/vault/terms.ts';
import { codeOf, promptly, type TestTools } from './tools.ts';

/** The network for which the suite signs its terms: give it to your plug-in as `genesis`. */
export const TERMS_GENESIS = { name: 'compliance', environment: 'development', bitcoinNetwork: 'regtest' } as const;

/** One empty, started source for `TERMS_GENESIS`, and what can be done to it from outside. */
export type TermsUnderTest = {
  readonly source: TermsSource;
  /** Another instance over the same storage, started; absent when nothing survives the process. */
  readonly reopen?: () => Promise<TermsSource>;
  /** Replaces stored bytes behind the source's back; absent when nobody can. */
  readonly tamper?: (vault: VaultId, change: (stored: string) => string) => Promise<void>;
  dispose(): Promise<void>;
};

const OWNER = new Uint8Array(32).fill(21);
const STRANGER = new Uint8Array(32).fill(22);
const xOnly = (secret: Uint8Array): string => toHex(schnorr.getPublicKey(secret));

const termsNumbered = (n: number): Terms => ({
  version: 1,
  environment: TERMS_GENESIS.environment,
  network: TERMS_GENESIS.name,
  bitcoinNetwork: TERMS_GENESIS.bitcoinNetwork,
  purpose: `loan ${n}`,
  payoutScript: `5120${xOnly(OWNER)}`,
  deposit: { amountSats: 1_000_000, deadlineHeight: 500 },
  maximumFeeSats: 5_000,
  ownerKey: xOnly(OWNER),
  releaseKey: xOnly(STRANGER),
  salt: n.toString(16).padStart(32, '0'),
});

const sign = (terms: Terms, secret = OWNER): SignedTerms => ({
  terms,
  signature: toHex(schnorr.sign(fromHex(vaultIdOf(terms), 'vault id'), secret)),
});

/** Compliance of a `TermsSource`. */
export function termsCompliance(name: string, tools: TestTools, begin: () => Promise<TermsUnderTest>): void {
  const { expect } = tools;
  const scenario = (title: string, run: (under: TermsUnderTest) => Promise<void>): void => {
    tools.test(`${name}: ${title}`, async () => {
      const under = await begin();
      try {
        await run(under);
      } finally {
        await under.source.stop?.();
        await under.dispose();
      }
    });
  };
  const first = sign(termsNumbered(1));

  scenario('signed terms come back unchanged under the digest of the terms', async ({ source }) => {
    const vault = await source.add(first, promptly());
    expect(vault).toBe(vaultIdOf(first.terms));
    expect(await source.get(vault)).toEqual(first);
    expect(await source.list()).toEqual([vault]);
  });

  scenario('adding the same terms again, or twice at once, is harmless', async ({ source }) => {
    const vaults = await Promise.all([source.add(first, promptly()), source.add(first, promptly())]);
    expect(vaults[0]).toBe(vaults[1]);
    await source.add(first, promptly());
    expect((await source.list()).length).toBe(1);
  });

  scenario('other terms are another vault, and the list is in order', async ({ source }) => {
    const vaults: VaultId[] = [];
    for (const n of [3, 1, 2]) vaults.push(await source.add(sign(termsNumbered(n)), promptly()));
    expect(await source.list()).toEqual([...vaults].sort());
  });

  scenario('a vault that nobody added is not there, whatever its name', async ({ source }) => {
    await source.add(first, promptly());
    expect(await source.get(vaultIdOf(termsNumbered(9)))).toBe(undefined);
    expect(await source.get('../../../../etc/hostname' as VaultId)).toBe(undefined);
  });

  scenario('terms that the owner did not sign are refused and not kept', async ({ source }) => {
    const altered = { ...first, terms: { ...first.terms, maximumFeeSats: 900_000 } };
    expect(await codeOf(() => source.add(altered, promptly()))).toBe('policy.terms-signature');
    expect(await codeOf(() => source.add(sign(termsNumbered(1), STRANGER), promptly()))).toBe('policy.terms-signature');
    expect(await source.list()).toEqual([]);
  });

  scenario('terms for another network are refused even when they are signed', async ({ source }) => {
    for (const change of [
      { network: 'other' },
      { environment: 'production' },
      { bitcoinNetwork: 'mainnet' },
    ] as const) {
      expect(await codeOf(() => source.add(sign({ ...termsNumbered(1), ...change }), promptly()))).toBe(
        'policy.terms-network',
      );
    }
    expect(await source.list()).toEqual([]);
  });

  scenario('terms that no payout could fulfil are refused even when they are signed', async ({ source }) => {
    const burnt = sign({ ...termsNumbered(1), payoutScript: '6a0401020304' });
    expect(await codeOf(() => source.add(burnt, promptly()))).toBe('input.terms-payout-script');
    const dust = sign({ ...termsNumbered(1), deposit: { amountSats: 5_100, deadlineHeight: 500 } });
    expect(await codeOf(() => source.add(dust, promptly()))).toBe('input.terms-dust');
  });

  scenario('what a caller does to its own object afterwards changes nothing stored', async ({ source }) => {
    const mine = structuredClone(first);
    const vault = await source.add(mine, promptly());
    Object.assign(mine.terms, { purpose: 'changed' });
    Object.assign((await source.get(vault))?.terms ?? {}, { purpose: 'changed' });
    expect(await source.get(vault)).toEqual(first);
  });

  scenario('a cancelled add keeps nothing', async ({ source }) => {
    expect(await codeOf(() => source.add(first, promptly(AbortSignal.abort())))).toBe('exception');
    expect(await source.list()).toEqual([]);
  });

  scenario('terms survive the instance that stored them, where the source is durable', async ({ source, reopen }) => {
    const vault = await source.add(first, promptly());
    if (reopen !== undefined) expect(await (await reopen()).get(vault)).toEqual(first);
  });

  scenario(
    'terms tampered with in the store are refused by name, and adding them again heals',
    async ({ source, tamper }) => {
      if (tamper === undefined) return;
      const vault = await source.add(first, promptly());
      const changes: readonly ((stored: string) => string)[] = [
        (stored) => stored.replace('"maximumFeeSats":5000', '"maximumFeeSats":5001'),
        (stored) => stored.slice(0, -20),
        (stored) => stored.replace('"purpose"', '"extra":1,"purpose"'),
        () => '',
        () => 'x'.repeat(1_000_000),
        () => JSON.stringify(sign(termsNumbered(2))),
        () => JSON.stringify(sign(termsNumbered(1), STRANGER)),
      ];
      for (const change of changes) {
        await tamper(vault, change);
        expect(await codeOf(() => source.get(vault))).toBe('policy.terms-damaged');
        await source.add(first, promptly());
        expect(await source.get(vault)).toEqual(first);
      }
    },
  );
}
