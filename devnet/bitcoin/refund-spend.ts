import { schnorr } from '@noble/curves/secp256k1.js';
import { Transaction } from 'bitcoinjs-lib';
import { fromHex } from '../../domain/encoding/hex.ts';
import type { Outpoint, Sats } from '../../domain/vault/terms.ts';
import { internalBytes } from '../../plugins/chain/bitcoin/merkle.ts';
import type { OutputKey } from '../../threshold/suite.ts';
import { controlBlock, leafHash, refundScript } from '../../threshold/verify/refund-leaf.ts';
import { taprootScript } from '../../threshold/verify/vault-script.ts';

/** Below the final value, or the lock time is not enforced (BIP65). */
const NOT_FINAL = 0xfffffffe;

export type RefundSpend = {
  /** The vault's key, whose tree has the refund leaf and nothing else. */
  readonly vault: OutputKey;
  readonly ownerSecret: Uint8Array;
  /** Of the leaf, as the terms say. */
  readonly lockHeight: number;
  readonly outpoint: Outpoint;
  readonly amountSats: Sats;
  readonly feeSats: Sats;
  readonly toScript: string;
  /** Height that the transaction claims to be valid from, when that is not `lockHeight`; the leaf refuses an earlier one. */
  readonly claimedHeight?: number;
};

/** What an owner sends when everybody else is gone: the script-path spend, signed with the owner key alone. */
export function buildRefundSpend(refund: RefundSpend): Uint8Array {
  const leaf = refundScript(refund.lockHeight, schnorr.getPublicKey(refund.ownerSecret));
  const vaultScript = fromHex(taprootScript(refund.vault.outputKey), 'vault script');
  const transaction = new Transaction();
  transaction.version = 2;
  transaction.locktime = refund.claimedHeight ?? refund.lockHeight;
  transaction.addInput(internalBytes(refund.outpoint.txid), refund.outpoint.vout, NOT_FINAL);
  transaction.addOutput(fromHex(refund.toScript, 'refund script'), BigInt(refund.amountSats - refund.feeSats));
  const values = [BigInt(refund.amountSats)];
  const sighash = transaction.hashForWitnessV1(0, [vaultScript], values, Transaction.SIGHASH_DEFAULT, leafHash(leaf));
  transaction.setWitness(0, [schnorr.sign(sighash, refund.ownerSecret), leaf, controlBlock(refund.vault)]);
  return transaction.toBuffer();
}
