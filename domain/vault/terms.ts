import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import type { BitcoinNetwork, Environment } from '../network/network.ts';

/** The digest of the signed terms: other terms are another vault, another tweak, another address. */
export type VaultId = Digest & { readonly __vault: true };

/** Amounts are integer satoshis, below 2^53 (all coins are 2.1e15). */
export type Sats = number;

export type RefundLeaf = {
  /** Absolute lock as a block height (< 500,000,000), BIP65. */
  readonly lockHeight: number;
};

/** What the owner signs. Field order does not matter: the signed bytes are the RFC 8785 form. */
export type Terms = {
  readonly version: 1;
  readonly environment: Environment;
  readonly network: string;
  readonly bitcoinNetwork: BitcoinNetwork;
  readonly purpose: string;
  /** The only script a payout may go to: scriptPubKey bytes in hex, not an address text. */
  readonly payoutScript: string;
  /** Deposit that the owner promised, and the height after which it counts as late. */
  readonly deposit: { readonly amountSats: Sats; readonly deadlineHeight: number };
  readonly maximumFeeSats: Sats;
  /** BIP340 x-only public keys, 32 bytes in hex. */
  readonly ownerKey: string;
  readonly releaseKey: string;
  /** Present: after `lockHeight` the owner key alone can spend by script path. */
  readonly refund?: RefundLeaf;
  /** Makes two vaults with equal terms different; 16 random bytes in hex. */
  readonly salt: string;
};

/** `signature`: BIP340 by `terms.ownerKey` over `termsDigest(terms)`, 64 bytes in hex. */
export type SignedTerms = { readonly terms: Terms; readonly signature: string };

export const vaultIdOf = (terms: Terms): VaultId => documentDigest(TAGS.terms, terms) as VaultId;

export type Outpoint = { /** display order, 64 hex */ readonly txid: string; readonly vout: number };
export const outpointText = (o: Outpoint): string => `${o.txid}:${o.vout}`;

/** "Pay this vault's coins to the recorded script": anyone may carry it, only the release key can make it. */
export type ReleaseRequest = {
  readonly version: 1;
  readonly environment: Environment;
  readonly network: string;
  readonly vault: VaultId;
  readonly outpoints: readonly Outpoint[];
  /** Sum of the outpoints; the payout is this minus the fee. */
  readonly amountSats: Sats;
  /** The fee of the payout, exactly: with it the request names one transaction, byte for byte, and nobody else chooses. */
  readonly feeSats: Sats;
  /** Fees that may replace it when it is stuck, ascending and each above `feeSats`; absent: none. Each one names one transaction more. */
  readonly higherFeesSats?: readonly Sats[];
  /** Unix seconds; a validator refuses later. */
  readonly expiresAtSeconds: number;
};

/** `signature`: BIP340 by `terms.releaseKey` over `documentDigest(TAGS.releaseRequest, request)`, 64 bytes in hex. */
export type SignedReleaseRequest = { readonly request: ReleaseRequest; readonly signature: string };

export const releaseRequestDigest = (request: ReleaseRequest): Digest => documentDigest(TAGS.releaseRequest, request);
