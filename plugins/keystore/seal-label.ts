import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { SealLabel } from '../../domain/ports/keystore.ts';

/**
 * The bytes that are authenticated with every sealed secret. Every variable part carries its length, so no two labels share them:
 * "firebreak/seal-label/v1" || length of keyset (1 byte) || keyset || epoch (4 bytes, big endian) || validator (4 bytes, big endian).
 */
export function sealLabelBytes(label: SealLabel): Uint8Array {
  const keyset = utf8ToBytes(label.keyset);
  if (keyset.length > 255) throw new RangeError('a keyset id has at most 255 bytes');
  return concatBytes(DOMAIN, Uint8Array.of(keyset.length), keyset, uint32(label.epoch), uint32(label.validator));
}

export const sealLabelText = (label: SealLabel): string =>
  `${label.keyset} epoch ${label.epoch} validator ${label.validator}`;

const DOMAIN = utf8ToBytes('firebreak/seal-label/v1');

function uint32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new RangeError('epoch and validator are 32-bit numbers');
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
