import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { toHex } from '../../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';

export type TxInput = {
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly prevVout: number;
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
  readonly witness: readonly Uint8Array[];
};
export type TxOutput = { readonly valueSats: bigint; readonly script: Uint8Array };
export type Tx = {
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
};

/** Written from BIP144 and without bitcoinjs-lib: the compliance suite compares the two. */
export function writeTx(tx: Tx, witnesses = true): Uint8Array {
  const segwit = witnesses && tx.inputs.some((input) => input.witness.length > 0);
  return concatBytes(
    u32(tx.version),
    segwit ? new Uint8Array([0, 1]) : new Uint8Array(),
    varInt(tx.inputs.length),
    ...tx.inputs.map((input) =>
      concatBytes(input.prevHash, u32(input.prevVout), withLength(input.scriptSig), u32(input.sequence)),
    ),
    varInt(tx.outputs.length),
    ...tx.outputs.map(writeOutput),
    ...(segwit
      ? tx.inputs.map((input) => concatBytes(varInt(input.witness.length), ...input.witness.map(withLength)))
      : []),
    u32(tx.lockTime),
  );
}

export const writeOutput = (output: TxOutput): Uint8Array =>
  concatBytes(u64(output.valueSats), withLength(output.script));

export function readTx(bytes: Uint8Array): Tx {
  const reader = new Reader(bytes);
  const version = reader.u32();
  const segwit = bytes[4] === 0 && bytes[5] === 1;
  if (segwit) reader.take(2);
  const inputs = reader.list(() => ({
    prevHash: reader.take(32),
    prevVout: reader.u32(),
    scriptSig: reader.take(reader.varInt()),
    sequence: reader.u32(),
  }));
  const outputs = reader.list(() => ({ valueSats: reader.u64(), script: reader.take(reader.varInt()) }));
  const stacks = inputs.map(() => (segwit ? reader.list(() => reader.take(reader.varInt())) : []));
  const lockTime = reader.u32();
  const tx: Tx = {
    version,
    inputs: inputs.map((input, i) => ({ ...input, witness: stacks[i] ?? [] })),
    outputs,
    lockTime,
  };
  if (inputs.length === 0 || outputs.length === 0) throw malformed();
  if (!reader.atEnd || toHex(writeTx(tx)) !== toHex(bytes)) throw malformed();
  return tx;
}

export const txidOf = (tx: Tx): string => displayHex(doubleSha256(writeTx(tx, false)));
export const vsizeOf = (tx: Tx): number => Math.ceil((writeTx(tx, false).length * 3 + writeTx(tx).length) / 4);
export const displayHex = (internal: Uint8Array): string => toHex(Uint8Array.from(internal).reverse());
export const doubleSha256 = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));
export const withLength = (bytes: Uint8Array): Uint8Array => concatBytes(varInt(bytes.length), bytes);

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

export function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function varInt(value: number): Uint8Array {
  if (value < 0xfd) return new Uint8Array([value]);
  if (value <= 0xffff) return new Uint8Array([0xfd, value & 0xff, value >> 8]);
  return concatBytes(new Uint8Array([0xfe]), u32(value));
}

const malformed = (): FirebreakFailure =>
  new FirebreakFailure('input.transaction', 'the bytes are not exactly one Bitcoin transaction');

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw malformed();
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  u32(): number {
    return new DataView(this.take(4).buffer).getUint32(0, true);
  }

  u64(): bigint {
    return new DataView(this.take(8).buffer).getBigUint64(0, true);
  }

  varInt(): number {
    const first = this.take(1)[0] ?? 0;
    if (first < 0xfd) return first;
    if (first === 0xfd) return new DataView(this.take(2).buffer).getUint16(0, true);
    if (first === 0xfe) return this.u32();
    throw malformed();
  }

  list<T>(item: () => T): T[] {
    const count = this.varInt();
    if (count > this.#bytes.length) throw malformed();
    return Array.from({ length: count }, item);
  }
}
