import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Tx, type TxOutput, u32, u64, withLength, writeOutput } from './transaction.ts';

/** BIP341 "Common signature message" for the key path with SIGHASH_DEFAULT and no annex. */
export function keyPathSighash(tx: Tx, index: number, prevouts: readonly TxOutput[]): Uint8Array {
  const all = (parts: Uint8Array[]): Uint8Array => sha256(concatBytes(...parts));
  return tagged(
    'TapSighash',
    new Uint8Array([0, 0]),
    u32(tx.version),
    u32(tx.lockTime),
    all(tx.inputs.map((input) => concatBytes(input.prevHash, u32(input.prevVout)))),
    all(prevouts.map((prevout) => u64(prevout.valueSats))),
    all(prevouts.map((prevout) => withLength(prevout.script))),
    all(tx.inputs.map((input) => u32(input.sequence))),
    all(tx.outputs.map(writeOutput)),
    new Uint8Array([0]),
    u32(index),
  );
}

/** Bitcoin's own tags, not ours: `domain/encoding/digest.ts` lists only those of Firebreak. */
function tagged(tag: string, ...parts: Uint8Array[]): Uint8Array {
  const prefix = sha256(utf8ToBytes(tag));
  return sha256(concatBytes(prefix, prefix, ...parts));
}
