import { schnorr } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { TAGS, taggedHash } from '../../domain/encoding/digest.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { OutputKey, VaultTweak } from '../suite.ts';
import { Fn, hasOddY, Point, parsePoint } from './curve.ts';
import { Recent } from './recent.ts';

/** Derived keys kept per key package; the oldest use is dropped first. */
const VAULT_KEYS_CACHED_MAX = 1_024;

/**
 * One vault's key, ready for signing: everything is negated once so that the output point has even y, which BIP340 wants.
 * A signer's effective secret is `sign * share + addend`, its public counterpart `verifyingShare(id)`.
 */
export type VaultKey = OutputKey & {
  /** Output point with even y, 33 bytes compressed. */
  readonly evenOutput: Uint8Array;
  /** +1 or the group order minus 1. */
  readonly sign: bigint;
  readonly addend: bigint;
  verifyingShare(validator: ValidatorId): Point;
};

/**
 * A tweak hash as a scalar. Reducing it would bias the key and BIP341 forbids it, so 0 and everything from the group order
 * on is refused with `input.vault-tweak`.
 */
export function tweakScalar(hash: Uint8Array, what: string): bigint {
  const value = bytesToNumberBE(hash);
  if (!Fn.isValidNot0(value))
    throw new FirebreakFailure('input.vault-tweak', `${what} is out of range, choose another salt`);
  return value;
}

/** h of the plain tweak P = Q + hG: commits to key, chaincode and vault in fixed widths (33, 32 and 32 bytes). */
export function vaultScalar(groupKey: Uint8Array, chaincode: Uint8Array, vaultId: Uint8Array): bigint {
  if (vaultId.length !== 32) throw new FirebreakFailure('input.vault-tweak', 'a vault id has 32 bytes');
  return tweakScalar(taggedHash(TAGS.vaultTweak, groupKey, chaincode, vaultId), 'the vault tweak');
}

function tapTweakScalar(internalKey: Uint8Array, root: Uint8Array): bigint {
  if (root.length !== 0 && root.length !== 32) {
    throw new FirebreakFailure('input.vault-tweak', 'a script tree root has 32 bytes, or none for key path only');
  }
  return tweakScalar(schnorr.utils.taggedHash('TapTweak', internalKey, root), 'the Taproot tweak');
}

type ParsedPackage = {
  readonly groupPoint: Point;
  readonly groupKey: Uint8Array;
  readonly chaincode: Uint8Array;
  readonly shares: Map<ValidatorId, Point>;
  readonly vaults: Recent<VaultKey>;
};

// Keyed by the object: a package is immutable once parsed, and what it brings along goes when it goes.
const parsed = new WeakMap<PublicKeyPackage, ParsedPackage>();

function parsePackage(key: PublicKeyPackage): ParsedPackage {
  let entry = parsed.get(key);
  if (entry === undefined) {
    const groupPoint = parsePoint(key.groupKey, 'the group key');
    entry = {
      groupPoint,
      groupKey: groupPoint.toBytes(),
      chaincode: fromHex(key.chaincode, 'chaincode', 32),
      shares: new Map(),
      vaults: new Recent(VAULT_KEYS_CACHED_MAX),
    };
    parsed.set(key, entry);
  }
  return entry;
}

/** Point Y_i of a participant as the package states it; `input.signer-set` for anybody else. */
export function verifyingShareOf(key: PublicKeyPackage, validator: ValidatorId): Point {
  const { shares } = parsePackage(key);
  let point = shares.get(validator);
  if (point === undefined) {
    const text = key.verifyingShares[key.participants.indexOf(validator)];
    if (text === undefined)
      throw new FirebreakFailure('input.signer-set', `the keyset has no participant ${validator}`);
    point = parsePoint(text, `the verifying share of validator ${validator}`);
    shares.set(validator, point);
  }
  return point;
}

function derive(key: PublicKeyPackage, tweak: VaultTweak | undefined): VaultKey {
  const { groupPoint, groupKey, chaincode } = parsePackage(key);
  let output = groupPoint;
  let internal = groupPoint;
  let sign = 1n;
  let addend = 0n;
  if (tweak !== undefined) {
    const plain = vaultScalar(groupKey, chaincode, tweak.vaultId);
    internal = groupPoint.add(Point.BASE.multiplyUnsafe(plain));
    if (internal.is0()) throw new FirebreakFailure('input.vault-tweak', 'the vault tweak cancels the group key');
    const odd = hasOddY(internal);
    const tap = tapTweakScalar(schnorr.utils.pointToBytes(internal), tweak.root);
    // BIP341 tweaks the x-only key: an odd internal point is lifted (negated) first, and so is what was added to it.
    output = (odd ? internal.negate() : internal).add(Point.BASE.multiplyUnsafe(tap));
    if (output.is0()) throw new FirebreakFailure('input.vault-tweak', 'the Taproot tweak cancels the internal key');
    sign = odd ? Fn.neg(1n) : 1n;
    addend = Fn.add(odd ? Fn.neg(plain) : plain, tap);
  }
  const outputKeyOdd = hasOddY(output);
  if (outputKeyOdd) {
    sign = Fn.neg(sign);
    addend = Fn.neg(addend);
  }
  const evenOutput = (outputKeyOdd ? output.negate() : output).toBytes();
  const addendPoint = addend === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(addend);
  const shares = new Map<ValidatorId, Point>();
  return {
    outputKey: evenOutput.slice(1),
    outputKeyOdd,
    internalKey: schnorr.utils.pointToBytes(internal),
    evenOutput,
    sign,
    addend,
    verifyingShare(validator) {
      let point = shares.get(validator);
      if (point === undefined) {
        const base = verifyingShareOf(key, validator);
        point = (sign === 1n ? base : base.negate()).add(addendPoint);
        shares.set(validator, point);
      }
      return point;
    },
  };
}

/**
 * The key of a vault, as every party derives it for itself:
 * 1. h = int(tagged_hash("firebreak/vault-tweak/v1", cbytes33(Q) || chaincode || vaultId)), refused when 0 or not below the order.
 * 2. Internal point P = Q + hG (plain tweak, no parity step).
 * 3. Output point O = lift_x(x(P)) + int(tagged_hash("TapTweak", x(P) || root))G (BIP341; empty root: key path only).
 *
 * Without a tweak it is the group key itself, for interoperation with plain FROST; such a key has no script path either,
 * because key generation already commits Q to an empty tree.
 * Derivation is public: a leaked share of one vault is a leaked share of all vaults of the keyset.
 *
 * @throws FirebreakFailure `input.vault-tweak`, `input.point`, `input.hex`
 */
export function vaultKey(key: PublicKeyPackage, tweak: VaultTweak | undefined): VaultKey {
  const { vaults } = parsePackage(key);
  const name = tweak === undefined ? '' : `${bytesToHex(tweak.vaultId)}:${bytesToHex(tweak.root)}`;
  return vaults.get(name) ?? vaults.keep(name, derive(key, tweak));
}
