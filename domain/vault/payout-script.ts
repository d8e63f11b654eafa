import { isHex } from '../encoding/hex.ts';
import type { Sats } from './terms.ts';
import { isXOnlyKey } from './x-only.ts';

export type PayoutScriptKind = 'p2tr' | 'p2wsh' | 'p2wpkh' | 'p2sh' | 'p2pkh';

const TEMPLATES: readonly (readonly [PayoutScriptKind, RegExp])[] = [
  ['p2tr', /^5120([0-9a-f]{64})$/],
  ['p2wsh', /^0020[0-9a-f]{64}$/],
  ['p2wpkh', /^0014[0-9a-f]{40}$/],
  ['p2sh', /^a914[0-9a-f]{40}87$/],
  ['p2pkh', /^76a914[0-9a-f]{40}88ac$/],
];

/**
 * Which standard output a scriptPubKey (hex) is; undefined when nodes would not relay it or nobody could spend it,
 * as with a P2TR program that is no point of the curve.
 */
export function payoutScriptKind(script: string): PayoutScriptKind | undefined {
  for (const [kind, template] of TEMPLATES) {
    const match = template.exec(script);
    if (match !== null) return kind === 'p2tr' && !isXOnlyKey(match[1] ?? '') ? undefined : kind;
  }
  return undefined;
}

/**
 * Smallest amount that nodes relay to this script at the default dust rate of 3,000 sat/kvB: 330 for P2TR, 294 for P2WPKH
 * (Bitcoin Core, `GetDustThreshold`: the output plus the input that would spend it).
 */
export function dustLimitSats(script: string, kind: PayoutScriptKind): Sats {
  if (!isHex(script, script.length / 2)) return Number.POSITIVE_INFINITY;
  const outputBytes = 8 + 1 + script.length / 2;
  const spendingBytes = kind === 'p2sh' || kind === 'p2pkh' ? 148 : 67;
  return (outputBytes + spendingBytes) * 3;
}
