import { displayHex, doubleSha256 } from './merkle.ts';
import type { NetworkParams } from './network-params.ts';

export const HEADER_BYTES = 80;
export const RETARGET_BLOCKS = 2_016;
const RETARGET_SECONDS = 14 * 24 * 3_600;

export type Header = {
  /** Display order. */
  readonly hash: string;
  readonly parent: string;
  /** Internal order, as the block commits to it. */
  readonly merkleRoot: Buffer;
  readonly timeSeconds: number;
  readonly bits: number;
  readonly bytes: Buffer;
};

/** The first 80 bytes of a header or a block; undefined when there are fewer. */
export function readHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const header = Buffer.from(bytes.subarray(0, HEADER_BYTES));
  return {
    hash: displayHex(doubleSha256(header)),
    parent: displayHex(header.subarray(4, 36)),
    merkleRoot: header.subarray(36, 68),
    timeSeconds: header.readUInt32LE(68),
    bits: header.readUInt32LE(72),
    bytes: header,
  };
}

/** The compact form of Bitcoin's targets; undefined for negative, zero and overflowing ones. */
export function targetOf(bits: number): bigint | undefined {
  const exponent = bits >>> 24;
  const mantissa = bits & 0x7fffff;
  if ((bits & 0x800000) !== 0 || mantissa === 0) return undefined;
  const target =
    exponent <= 3 ? BigInt(mantissa) >> BigInt(8 * (3 - exponent)) : BigInt(mantissa) << BigInt(8 * (exponent - 3));
  return target === 0n || target >> 256n !== 0n ? undefined : target;
}

export function bitsOf(target: bigint): number {
  let exponent = Math.ceil(target.toString(2).length / 8);
  let mantissa = Number(exponent <= 3 ? target << BigInt(8 * (3 - exponent)) : target >> BigInt(8 * (exponent - 3)));
  if ((mantissa & 0x800000) !== 0) {
    mantissa >>= 8;
    exponent += 1;
  }
  return ((exponent << 24) | mantissa) >>> 0;
}

/** Expected number of hashes behind a header; what "longer chain" means. */
export function workOf(header: Pick<Header, 'bits'>): bigint {
  const target = targetOf(header.bits);
  return target === undefined ? 0n : (1n << 256n) / (target + 1n);
}

/** Looks up the canonical or walked header at a height below; undefined where the index does not reach. */
export type HeaderAt = (height: number) => Pick<Header, 'bits' | 'timeSeconds'> | undefined;

/** What is wrong with a header by itself, as text for the operator: one that passes has cost at least the minimum of the network. */
export function workFault(header: Header, { targetMax }: Pick<NetworkParams, 'targetMax'>): string | undefined {
  const target = targetOf(header.bits);
  if (target === undefined || target > targetMax) return 'claims a difficulty below the minimum of the network';
  return BigInt(`0x${header.hash}`) > target ? 'has not the work that it claims' : undefined;
}

/** What is wrong with a header at `height`, as text for the operator, or undefined when its work is real. */
export function headerFault(
  header: Header,
  height: number,
  headerAt: HeaderAt,
  params: NetworkParams,
): string | undefined {
  const { checkpoint } = params;
  if (height === checkpoint?.height && header.hash !== checkpoint.hash) return 'is another one than the checkpoint';
  return workFault(header, params) ?? difficultyFault(header, height, headerAt, params);
}

function difficultyFault(
  header: Header,
  height: number,
  headerAt: HeaderAt,
  params: NetworkParams,
): string | undefined {
  if (params.difficulty === 'any') return undefined;
  if (params.difficulty === 'constant') {
    return header.bits === bitsOf(params.targetMax) ? undefined : 'has another difficulty than regtest';
  }
  const parent = headerAt(height - 1);
  const old = parent === undefined ? undefined : targetOf(parent.bits);
  if (parent === undefined || old === undefined) return undefined;
  if (height % RETARGET_BLOCKS !== 0) {
    return header.bits === parent.bits ? undefined : 'changes the difficulty between two adjustments';
  }
  const first = headerAt(height - RETARGET_BLOCKS);
  if (first !== undefined) {
    const expected = retarget(old, parent.timeSeconds - first.timeSeconds, params.targetMax);
    return header.bits === expected ? undefined : 'has another difficulty than the adjustment rule gives';
  }
  // The start of the period lies below the index: at least the factor of four holds.
  const easiest = bitsOf(minimum(old * 4n, params.targetMax));
  const claimed = targetOf(header.bits) ?? 0n;
  return claimed > (targetOf(easiest) ?? 0n) || claimed < old / 5n
    ? 'changes the difficulty by more than a factor of four'
    : undefined;
}

/** Mainnet's rule: the old target times how long the period took, within a factor of four. */
export function retarget(old: bigint, tookSeconds: number, targetMax: bigint): number {
  const bounded = Math.min(Math.max(tookSeconds, RETARGET_SECONDS / 4), RETARGET_SECONDS * 4);
  return bitsOf(minimum((old * BigInt(bounded)) / BigInt(RETARGET_SECONDS), targetMax));
}

const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b);
