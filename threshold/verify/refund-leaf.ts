import { schnorr } from '@noble/curves/secp256k1.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { fromHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Terms } from '../../domain/vault/terms.ts';
import type { OutputKey } from '../suite.ts';
import { liftX } from './curve.ts';

/** BIP65: from here on a lock is a time and not a height. */
const LOCK_HEIGHT_LIMIT = 500_000_000;
/** BIP342: the leaf version of Tapscript. */
export const TAPSCRIPT_LEAF_VERSION = 0xc0;

const OP_CHECKLOCKTIMEVERIFY = 0xb1;
const OP_DROP = 0x75;
const OP_CHECKSIG = 0xac;
const OP_1 = 0x51;
const PUSH_32 = 0x20;

/** Smallest push of a positive script number: OP_1..OP_16, else length and little-endian bytes with a clear sign bit. */
export function minimalPush(value: number): Uint8Array {
  if (value >= 1 && value <= 16) return Uint8Array.of(OP_1 + value - 1);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0);
  return Uint8Array.of(bytes.length, ...bytes);
}

/**
 * `<lockHeight> OP_CHECKLOCKTIMEVERIFY OP_DROP <ownerKey> OP_CHECKSIG`: from that height the owner alone can spend.
 * @throws FirebreakFailure `input.refund-height`, `input.point` (an owner key off the curve would lock the coins for good)
 */
export function refundScript(lockHeight: number, ownerKey: Uint8Array): Uint8Array {
  if (!Number.isInteger(lockHeight) || lockHeight < 1 || lockHeight >= LOCK_HEIGHT_LIMIT) {
    throw new FirebreakFailure('input.refund-height', `refund lock ${lockHeight} is not a block height`);
  }
  liftX(ownerKey, 'the owner key');
  return concatBytes(
    minimalPush(lockHeight),
    Uint8Array.of(OP_CHECKLOCKTIMEVERIFY, OP_DROP, PUSH_32),
    ownerKey,
    Uint8Array.of(OP_CHECKSIG),
  );
}

/** BIP341 TapLeaf hash; with one leaf it is also the root. Scripts here are far below 253 bytes, so their length is one byte. */
export const leafHash = (script: Uint8Array): Uint8Array =>
  schnorr.utils.taggedHash('TapLeaf', Uint8Array.of(TAPSCRIPT_LEAF_VERSION, script.length), script);

/** Merkle root of a vault's script tree: empty without a refund leaf. */
export function treeRoot(terms: Pick<Terms, 'refund' | 'ownerKey'>): Uint8Array {
  if (terms.refund === undefined) return new Uint8Array(0);
  return leafHash(refundScript(terms.refund.lockHeight, fromHex(terms.ownerKey, 'owner key', 32)));
}

/** What a script path spend shows after signature and script: leaf version with parity bit, internal key, empty path. */
export const controlBlock = (output: OutputKey): Uint8Array =>
  concatBytes(Uint8Array.of(TAPSCRIPT_LEAF_VERSION | (output.outputKeyOdd ? 1 : 0)), output.internalKey);
