import { beforeAll, describe, expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { p2tr, TaprootControlBlock } from '@scure/btc-signer';
import { networks, payments } from 'bitcoinjs-lib';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import type { BitcoinNetwork } from '../../domain/network/network.ts';
import type { Terms } from '../../domain/vault/terms.ts';
import { useNobleCurve } from '../../plugins/chain/bitcoin/curve.ts';
import { testTerms } from '../../threshold/testkit/terms.ts';
import { controlBlock, refundScript, TAPSCRIPT_LEAF_VERSION } from '../../threshold/verify/refund-leaf.ts';
import { vaultAddress, vaultOutput, vaultScript } from '../../threshold/verify/vault-script.ts';
import {
  bothConstants,
  type ClassedKeyset,
  type ClassedVault,
  leafOf,
  signWithParity,
  twoVaultsPerClass,
  vaultClass,
} from './parity-classes.ts';

const VAULTS = 1_000;
const CLASSES = ['even', 'odd'].flatMap((a) =>
  ['even', 'odd'].flatMap((b) => ['even', 'odd'].flatMap((c) => ['even', 'odd'].map((d) => `${a} ${b} ${c} ${d}`))),
);
const NETWORKS: Readonly<Record<BitcoinNetwork, typeof networks.bitcoin>> = {
  mainnet: networks.bitcoin,
  testnet: networks.testnet,
  regtest: networks.regtest,
};
const bitcoinNetworks = ['mainnet', 'testnet', 'regtest'] as const;

let keysets: readonly ClassedKeyset[] = [];
let vaults: readonly ClassedVault[] = [];
beforeAll(() => {
  useNobleCurve();
  keysets = bothConstants();
  vaults = twoVaultsPerClass(keysets);
});

const leafScript = (terms: Terms): Uint8Array | undefined =>
  terms.refund === undefined ? undefined : refundScript(terms.refund.lockHeight, hexToBytes(terms.ownerKey));

/** What @scure/btc-signer makes of our internal key and leaf. */
function byScure(internalKey: Uint8Array, terms: Terms) {
  const script = leafScript(terms);
  const network = NETWORKS[terms.bitcoinNetwork];
  if (script === undefined) {
    const plain = p2tr(internalKey, undefined, network);
    return { address: plain.address, script: bytesToHex(plain.script), control: undefined };
  }
  const made = p2tr(internalKey, { script, leafVersion: TAPSCRIPT_LEAF_VERSION }, network, true);
  const [leaf] = made.tapLeafScript ?? [];
  const control = leaf === undefined ? undefined : TaprootControlBlock.encode(leaf[0]);
  return { address: made.address, script: bytesToHex(made.script), control };
}

/** What bitcoinjs-lib makes of them. */
function byBitcoinjs(internalKey: Uint8Array, terms: Terms) {
  const output = leafScript(terms);
  const tree =
    output === undefined ? {} : { scriptTree: { output }, redeem: { output, redeemVersion: TAPSCRIPT_LEAF_VERSION } };
  const made = payments.p2tr({ internalPubkey: internalKey, ...tree, network: NETWORKS[terms.bitcoinNetwork] });
  return { address: made.address, script: bytesToHex(made.output ?? new Uint8Array(0)), control: made.witness?.at(-1) };
}

/** Address, script and control block as we make them; fails unless both libraries make the same. */
function sameEverywhere(key: PublicKeyPackage, terms: Terms) {
  const output = vaultOutput(key, terms);
  const ours = { address: vaultAddress(key, terms), script: vaultScript(key, terms) };
  for (const theirs of [byScure(output.internalKey, terms), byBitcoinjs(output.internalKey, terms)]) {
    expect({ address: theirs.address, script: theirs.script }).toEqual(ours);
    if (terms.refund !== undefined)
      expect(bytesToHex(theirs.control ?? new Uint8Array(0))).toBe(bytesToHex(controlBlock(output)));
  }
  return ours;
}

test(`${VAULTS} vaults have the same address, script and control block here and in two Bitcoin libraries`, () => {
  const counts = new Map<string, number>();
  const addresses = new Set<string>();
  for (let n = 0; n < VAULTS; n += 1) {
    const classed = keysets[n % 2];
    if (classed === undefined) throw new Error('there are two keysets');
    const { key } = classed.keyset;
    const terms = testTerms(`vault ${n}`, {
      bitcoinNetwork: bitcoinNetworks[n % 3] ?? 'regtest',
      ...(n % 4 < 2 ? {} : { refund: { lockHeight: 1 + n * 499_999 } }),
    });
    addresses.add(sameEverywhere(key, terms).address);
    const name = `${classed.constantOdd} ${vaultClass(key, terms)} ${terms.refund !== undefined}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  expect(addresses.size).toBe(VAULTS);
  // Two parities of P0, P_N and O_N each, with and without a leaf; 62 vaults are expected in each of these.
  expect(counts.size).toBe(16);
  expect(Math.min(...counts.values())).toBeGreaterThan(20);
});

test('another salt, another keyset or another network never gives the same address', () => {
  const [first, second] = keysets;
  if (first === undefined || second === undefined) throw new Error('there are two keysets');
  const terms = testTerms('same');
  const addresses = [
    vaultAddress(first.keyset.key, terms),
    vaultAddress(second.keyset.key, terms),
    vaultAddress(first.keyset.key, testTerms('other')),
    vaultAddress(first.keyset.key, { ...terms, bitcoinNetwork: 'mainnet' }),
    vaultAddress(first.keyset.key, { ...terms, refund: { lockHeight: 700 } }),
    vaultAddress(first.keyset.key, { ...terms, payoutScript: '00'.repeat(22) }),
  ];
  expect(new Set(addresses).size).toBe(addresses.length);
});

describe('a vault is the same everywhere, and what it signs verifies under BIP340', () => {
  test.each(CLASSES.flatMap((parities) => ['with a leaf', 'without a leaf'].map((leaf) => [parities, leaf])))(
    'when y of P0, P_N, O_N and R are %s, %s',
    (parities, leaf) => {
      const vault = vaults.find((each) => each.parities === parities && leafOf(each.terms) === leaf);
      if (vault === undefined) throw new Error(`no vault of class ${parities} ${leaf}`);
      const { key } = vault.keyset;
      sameEverywhere(key, vault.terms);
      const { outputKey } = vaultOutput(key, vault.terms);
      for (let n = 0; n < 4; n += 1) {
        const message = sha256(utf8ToBytes(`${parities} ${n}`));
        const signature = signWithParity(vault, message);
        expect(schnorr.verify(signature, message, outputKey)).toBe(true);
        expect(schnorr.verify(signature, sha256(message), outputKey)).toBe(false);
      }
    },
  );
});
