import { schnorr } from '@noble/curves/secp256k1.js';
import { toHex } from '../../../domain/encoding/hex.ts';
import { keyPathSighash } from './sighash.ts';
import { type Tx, type TxOutput, vsizeOf } from './transaction.ts';

const DUST_INPUT_BYTES = 67;

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

export const feeOf = (tx: Tx, prevouts: readonly TxOutput[]): bigint =>
  sum(prevouts.map((prevout) => prevout.valueSats)) - sum(tx.outputs.map((output) => output.valueSats));

/** BIP125: what it would replace says that it may be, and the new one pays for its own bytes on top of all of them. */
export function checkReplacement(
  tx: Tx,
  feeSats: bigint,
  replaced: readonly { readonly tx: Tx; readonly feeSats: bigint }[],
): string | undefined {
  if (replaced.some((one) => one.tx.inputs.every((input) => input.sequence >= 0xfffffffe)))
    return 'spends what a transaction in the mempool spends for good';
  const leastSats = sum(replaced.map((one) => one.feeSats)) + BigInt(vsizeOf(tx));
  if (replaced.length > 0 && feeSats < leastSats) return `replaces for ${feeSats} sat what takes ${leastSats}`;
  return undefined;
}

/** The rules of a node that a payout can break; undefined when it keeps them all. Script paths are refused loudly. */
export function checkSpend(tx: Tx, prevouts: readonly TxOutput[]): string | undefined {
  const feeSats = feeOf(tx, prevouts);
  if (feeSats < BigInt(vsizeOf(tx))) return 'pays less than the relay floor of 1 sat/vB';
  if (tx.outputs.some((output) => output.valueSats < BigInt((9 + output.script.length + DUST_INPUT_BYTES) * 3))) {
    return 'has a dust output';
  }
  for (const [index, prevout] of prevouts.entries()) {
    if (!toHex(prevout.script).startsWith('5120') || prevout.script.length !== 34)
      return 'spends an unsupported script';
    const [signature, ...more] = tx.inputs[index]?.witness ?? [];
    if (signature?.length !== 64 || more.length > 0) return 'has no key-path signature';
    if (!verified(signature, keyPathSighash(tx, index, prevouts), prevout.script.slice(2)))
      return 'has a wrong signature';
  }
  return undefined;
}

function verified(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    return schnorr.verify(signature, message, key);
  } catch {
    return false;
  }
}
