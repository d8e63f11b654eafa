import { fromHex } from '../../../domain/encoding/hex.ts';

/** Core's default dust relay rate, sat per kvB. */
const DUST_RATE = 3_000;
const OUTPUT_VALUE_BYTES = 8;
/** An input that spends it later: 32 + 4 + 1 + 4 bytes and either a witness of 107 at a quarter or a script of 107. */
const SPEND_WITNESS_VBYTES = 67;
const SPEND_SCRIPT_VBYTES = 148;

/** `IsWitnessProgram` of Core: version opcode, then one push of 2 to 40 bytes. */
function isWitnessProgram(script: Uint8Array): boolean {
  const [version = 0xff, push = 0] = script;
  if (script.length < 4 || script.length > 42 || push + 2 !== script.length) return false;
  return version === 0 || (version >= 0x51 && version <= 0x60);
}

const outputBytes = (script: Uint8Array): number => OUTPUT_VALUE_BYTES + varIntBytes(script.length) + script.length;

/** `GetDustThreshold` of Core: 330 for P2TR, 294 for P2WPKH, 546 for P2PKH; unspendable outputs have none. */
export function dustLimitSats(script: string): number {
  const bytes = fromHex(script, 'script');
  if (bytes[0] === 0x6a) return 0;
  const spend = isWitnessProgram(bytes) ? SPEND_WITNESS_VBYTES : SPEND_SCRIPT_VBYTES;
  return ((outputBytes(bytes) + spend) * DUST_RATE) / 1_000;
}

/** Virtual bytes of a payout with one 64-byte Taproot signature per input and one output. */
export function payoutVsize(inputCount: number, payoutScript: string): number {
  const base =
    4 + varIntBytes(inputCount) + inputCount * 41 + 1 + outputBytes(fromHex(payoutScript, 'payout script')) + 4;
  const witness = 2 + inputCount * (1 + 1 + 64);
  return Math.ceil((base * 4 + witness) / 4);
}

const varIntBytes = (value: number): number => (value < 0xfd ? 1 : value <= 0xffff ? 3 : 5);
