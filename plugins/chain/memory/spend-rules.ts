import { schnorr } from '@noble/curves/secp256k1.js';
import { toHex } from '../../../domain/encoding/hex.ts';
import { keyPathSighash } from './sighash.ts';
import { type Tx, type TxOutput, vsizeOf } from './transaction.ts';

const DUST_INPUT_BYTES = 67;

/** The rules of a node that a payout can break; undefined when it keeps them all. Script paths are refused loudly. */
export function checkSpend(tx: Tx, prevouts: readonly TxOutput[]): string | undefined {
  const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
  const feeSats = sum(prevouts.map((prevout) => prevout.valueSats)) - sum(tx.outputs.map((output) => output.valueSats));
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
