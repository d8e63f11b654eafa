import { bech32m } from '@scure/base';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { BitcoinNetwork } from '../../domain/network/network.ts';
import { type Terms, vaultIdOf } from '../../domain/vault/terms.ts';
import type { OutputKey, VaultTweak } from '../suite.ts';
import { treeRoot } from './refund-leaf.ts';
import { vaultKey } from './vault-key.ts';

/** BIP173 and, for regtest, Bitcoin Core's chain parameters. */
const PREFIX: Readonly<Record<BitcoinNetwork, string>> = { mainnet: 'bc', testnet: 'tb', regtest: 'bcrt' };

/** The tweak of a vault follows from its terms alone: other terms, other key, other address. */
export const vaultTweakOf = (terms: Terms): VaultTweak => ({
  vaultId: fromHex(vaultIdOf(terms), 'vault id', 32),
  root: treeRoot(terms),
});

export const vaultOutput = (key: PublicKeyPackage, terms: Terms): OutputKey => vaultKey(key, vaultTweakOf(terms));

/** scriptPubKey of witness version 1: OP_1 and a push of the output key; hex. */
export const taprootScript = (outputKey: Uint8Array): string => `5120${toHex(outputKey)}`;

/** scriptPubKey, hex, where the deposit of these terms belongs. */
export const vaultScript = (key: PublicKeyPackage, terms: Terms): string =>
  taprootScript(vaultOutput(key, terms).outputKey);

/** BIP350 address of a witness version 1 output key. */
export function taprootAddress(outputKey: Uint8Array, network: BitcoinNetwork): string {
  if (outputKey.length !== 32) throw new FirebreakFailure('input.point', 'an output key has 32 bytes');
  return bech32m.encode(PREFIX[network], [1, ...bech32m.toWords(outputKey)]);
}

/** The same as text for people and wallets. The network is that of the terms: a regtest vault has no mainnet address. */
export const vaultAddress = (key: PublicKeyPackage, terms: Terms): string =>
  taprootAddress(vaultOutput(key, terms).outputKey, terms.bitcoinNetwork);
