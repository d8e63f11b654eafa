import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { FirebreakFailure } from '../errors/failure.ts';

export const toHex = (bytes: Uint8Array): string => bytesToHex(bytes);

/** Lower-case hex of exactly `length` bytes (any length when omitted); everything else is `input.hex`. */
export function fromHex(text: string, what: string, length?: number): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new FirebreakFailure('input.hex', `${what} is not lower-case hexadecimal`);
  const bytes = hexToBytes(text);
  if (length !== undefined && bytes.length !== length) {
    throw new FirebreakFailure('input.hex', `${what} has ${bytes.length} bytes, expected ${length}`);
  }
  return bytes;
}

export const isHex = (text: string, length: number): boolean => text.length === length * 2 && /^[0-9a-f]*$/.test(text);
