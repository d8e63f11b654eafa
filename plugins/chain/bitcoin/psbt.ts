import { Psbt } from 'bitcoinjs-lib';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import type { BitcoinNetwork } from '../../../domain/network/network.ts';
import type { Sats } from '../../../domain/vault/terms.ts';
import { transactionCodec } from './codec.ts';
import { internalBytes } from './merkle.ts';
import { paramsOf } from './network-params.ts';

/** What the signatures of a key-path payout commit to, in input order. */
export type SignedInput = {
  readonly script: string;
  readonly amountSats: Sats;
  /** BIP340, 64 bytes. */
  readonly signature: Uint8Array;
};

/**
 * A payout as a PSBT (BIP174, Taproot fields of BIP371) in base64, so that any wallet can show inputs, amounts, fee and target
 * without our software. It carries the key-path signatures and is not finalised: nothing about it can be broadcast by accident.
 *
 * @param transaction BIP144 bytes, with or without witnesses
 * @throws FirebreakFailure `input.prevouts` when there is not one signed input per input of the transaction
 */
export function payoutPsbt(network: BitcoinNetwork, transaction: Uint8Array, signed: readonly SignedInput[]): string {
  const { inputs, outputs } = transactionCodec(network).readTransaction(transaction);
  if (signed.length !== inputs.length) {
    throw new FirebreakFailure(
      'input.prevouts',
      `the transaction has ${inputs.length} inputs, but ${signed.length} signed inputs were given`,
    );
  }
  const psbt = new Psbt({ network: paramsOf(network).addresses });
  psbt.setVersion(2);
  inputs.forEach(({ txid, vout }, index) => {
    const { script = '', amountSats = 0 } = signed[index] ?? {};
    psbt.addInput({
      hash: internalBytes(txid),
      index: vout,
      sequence: 0xfffffffd,
      witnessUtxo: { script: fromHex(script, 'script of a previous output'), value: BigInt(amountSats) },
    });
  });
  for (const { script, amountSats } of outputs) {
    psbt.addOutput({ script: fromHex(script, 'payout script'), value: BigInt(amountSats) });
  }
  // Last: a PSBT that carries signatures takes no more inputs or outputs.
  signed.forEach(({ signature }, index) => psbt.updateInput(index, { tapKeySig: signature }));
  return psbt.toBase64();
}
