import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { initEccLib } from 'bitcoinjs-lib';

const { Point } = secp256k1;

/** noble behind the two functions that bitcoinjs-lib asks for; both are public data, so timing does not matter. */
const curve = {
  isXOnlyPoint(bytes: Uint8Array): boolean {
    try {
      schnorr.utils.lift_x(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
      return bytes.length === 32;
    } catch {
      return false;
    }
  },
  xOnlyPointAddTweak(bytes: Uint8Array, tweak: Uint8Array): { parity: 0 | 1; xOnlyPubkey: Uint8Array } | null {
    const scalar = BigInt(`0x${Buffer.from(tweak).toString('hex')}`);
    if (scalar >= Point.Fn.ORDER) return null;
    const point = schnorr.utils.lift_x(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
    const sum = scalar === 0n ? point : point.add(Point.BASE.multiply(scalar));
    if (sum.is0()) return null;
    const { x, y } = sum.toAffine();
    return { parity: (y & 1n) === 1n ? 1 : 0, xOnlyPubkey: Buffer.from(x.toString(16).padStart(64, '0'), 'hex') };
  },
};

let ready = false;

/** bitcoinjs-lib keeps its curve in a module variable; set once, when the first chain is made and not on import. */
export function useNobleCurve(): void {
  if (ready) return;
  initEccLib(curve);
  ready = true;
}
