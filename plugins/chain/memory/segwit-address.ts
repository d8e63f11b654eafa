import type { BitcoinNetwork } from '../../../domain/network/network.ts';

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const BECH32 = 1;
const BECH32M = 0x2bc830a3;
const PREFIX: Readonly<Record<BitcoinNetwork, string>> = { mainnet: 'bc', testnet: 'tb', regtest: 'bcrt' };

/** BIP173 and BIP350 addresses of P2WPKH, P2WSH and P2TR scripts; undefined for every other script. */
export function addressOfScript(script: Uint8Array, network: BitcoinNetwork): string | undefined {
  const version = versionOf(script);
  if (version === undefined) return undefined;
  const prefix = PREFIX[network];
  const data = [version, ...regroup([...script.subarray(2)], 8, 5, true)];
  const check = polymod([...expand(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ (version === 0 ? BECH32 : BECH32M);
  const tail = [0, 1, 2, 3, 4, 5].map((i) => (check >>> (5 * (5 - i))) & 31);
  return `${prefix}1${[...data, ...tail].map((value) => CHARSET[value]).join('')}`;
}

/** The script of an address; undefined when network, checksum, encoding or length is wrong. */
export function scriptOfAddress(text: string, network: BitcoinNetwork): Uint8Array | undefined {
  if (text.length > 90 || (text !== text.toLowerCase() && text !== text.toUpperCase())) return undefined;
  const lower = text.toLowerCase();
  const prefix = PREFIX[network];
  if (!lower.startsWith(`${prefix}1`)) return undefined;
  const values = Array.from(lower.slice(prefix.length + 1), (letter) => CHARSET.indexOf(letter));
  if (values.includes(-1) || values.length < 7) return undefined;
  const [version = 0xff] = values;
  if (polymod([...expand(prefix), ...values]) !== (version === 0 ? BECH32 : BECH32M)) return undefined;
  const program = regroup(values.slice(1, -6), 5, 8, false);
  if (program.includes(-1)) return undefined;
  const script = new Uint8Array([version === 0 ? 0 : 0x50 + version, program.length, ...program]);
  return versionOf(script) === version ? script : undefined;
}

function versionOf(script: Uint8Array): 0 | 1 | undefined {
  const [opcode, push] = script;
  if (opcode === 0 && ((script.length === 22 && push === 20) || (script.length === 34 && push === 32))) return 0;
  return opcode === 0x51 && script.length === 34 && push === 32 ? 1 : undefined;
}

const expand = (prefix: string): number[] => {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
};

function polymod(values: readonly number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    generator.forEach((term, i) => {
      if (((top >>> i) & 1) === 1) check ^= term;
    });
  }
  return check >>> 0;
}

/** Bits of one width as bits of another; a -1 marks padding that is too long or not zero. */
function regroup(values: readonly number[], from: number, to: number, pad: boolean): number[] {
  const out: number[] = [];
  let held = 0;
  let bits = 0;
  for (const value of values) {
    held = ((held << from) | value) & 0xffff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((held >>> bits) & ((1 << to) - 1));
    }
  }
  const rest = (held << (to - bits)) & ((1 << to) - 1);
  if (pad && bits > 0) out.push(rest);
  if (!pad && (bits >= from || (bits > 0 && rest !== 0))) out.push(-1);
  return out;
}
