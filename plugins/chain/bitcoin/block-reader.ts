import { hash } from 'node:crypto';
import { HEADER_BYTES, type Header, readHeader } from './header.ts';
import { displayHex, merkleRoot } from './merkle.ts';
import type { Matcher } from './watch-list.ts';

export type FoundOutput = {
  readonly txid: string;
  readonly vout: number;
  readonly script: string;
  readonly amountSats: number;
};
export type FoundSpend = { readonly txid: string; readonly prevTxid: string; readonly prevVout: number };

export type BlockReading =
  | {
      readonly ok: true;
      readonly header: Header;
      readonly outputs: readonly FoundOutput[];
      readonly spends: readonly FoundSpend[];
    }
  | { readonly ok: false; readonly fault: string };

const MONEY_SATS_MAX = 2_100_000_000_000_000;
/** No transaction fits into fewer bytes; bounds the list before anything is allocated for it. */
const TRANSACTION_BYTES_MIN = 60;

/**
 * One pass over a raw block: hashes every transaction from its slices, recomputes the merkle root, and picks out what `match` knows.
 * A block whose parts do not fit together is a fault of whoever sent it, never an exception.
 */
export function readBlock(bytes: Buffer, match: Matcher): BlockReading {
  const header = readHeader(bytes);
  if (header === undefined) return { ok: false, fault: 'is shorter than a header' };
  const reader = new TransactionReader(bytes, match);
  try {
    const count = reader.varInt();
    if (count === 0 || count > bytes.length / TRANSACTION_BYTES_MIN)
      return { ok: false, fault: 'claims an impossible number of transactions' };
    const txids = Buffer.allocUnsafe(count * 32);
    for (let i = 0; i < count; i++) reader.transaction(txids, i);
    if (!reader.atEnd) return { ok: false, fault: 'has bytes after its last transaction' };
    const { root, duplicated } = merkleRoot(txids);
    if (duplicated) return { ok: false, fault: 'repeats transactions (CVE-2012-2459)' };
    if (!root.equals(header.merkleRoot)) return { ok: false, fault: 'has another merkle root than its header' };
  } catch (cause) {
    if (cause instanceof MalformedBlock) return { ok: false, fault: cause.message };
    throw cause;
  }
  return { ok: true, header, outputs: reader.outputs, spends: reader.spends };
}

class MalformedBlock extends Error {}

/** Walks offsets instead of building objects: most transactions of a block are nobody's. */
class TransactionReader {
  readonly outputs: FoundOutput[] = [];
  readonly spends: FoundSpend[] = [];
  readonly #bytes: Buffer;
  readonly #match: Matcher;
  #at = HEADER_BYTES;

  constructor(bytes: Buffer, match: Matcher) {
    this.#bytes = bytes;
    this.#match = match;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varInt(): number {
    const first = this.#bytes[this.#skip(1)] ?? 0;
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.#bytes.readUInt16LE(this.#skip(2));
    if (first === 0xfe) return this.#bytes.readUInt32LE(this.#skip(4));
    throw new MalformedBlock('counts more than fits into a block');
  }

  transaction(txids: Buffer, position: number): void {
    const start = this.#skip(4);
    const segwit = this.#bytes[this.#at] === 0 && this.#bytes[this.#at + 1] === 1;
    if (segwit) this.#skip(2);
    const body = this.#at;
    const inputs = this.varInt();
    const firstInput = this.#at;
    const spent = this.#inputs(inputs, position);
    const hits = this.#outputs();
    const bodyEnd = this.#at;
    if (segwit) for (let i = 0; i < inputs; i++) this.#witness();
    const lockTime = this.#skip(4);
    if ((position === 0) !== (inputs === 1 && this.#isNull(firstInput))) {
      throw new MalformedBlock('has its coinbase elsewhere than in first place');
    }
    const txid = segwit
      ? this.#strippedId(start, body, bodyEnd, lockTime)
      : doubleHash(this.#bytes.subarray(start, this.#at));
    txid.copy(txids, position * 32);
    if (spent.length > 0 || hits.length > 0) this.#record(txid, spent, hits);
  }

  /** Offsets of the inputs that spend something watched. */
  #inputs(count: number, position: number): number[] {
    const hits: number[] = [];
    for (let i = 0; i < count; i++) {
      const outpoint = this.#skip(36);
      this.#skip(this.varInt());
      this.#skip(4);
      if (position > 0 && this.#match.outpoint(this.#bytes, outpoint)) hits.push(outpoint);
    }
    return hits;
  }

  #outputs(): { vout: number; script: string; amountSats: number }[] {
    const hits: { vout: number; script: string; amountSats: number }[] = [];
    const count = this.varInt();
    for (let vout = 0; vout < count; vout++) {
      const value = this.#skip(8);
      const length = this.varInt();
      const script = this.#skip(length);
      if (!this.#match.script(this.#bytes, script, script + length)) continue;
      // Two halves, so that no float and no bigint is needed: the high one is below 2^21 for real amounts.
      const amountSats = this.#bytes.readUInt32LE(value + 4) * 0x1_0000_0000 + this.#bytes.readUInt32LE(value);
      if (amountSats > MONEY_SATS_MAX) throw new MalformedBlock('pays more than all coins');
      hits.push({ vout, script: this.#bytes.toString('hex', script, script + length), amountSats });
    }
    return hits;
  }

  #witness(): void {
    const items = this.varInt();
    for (let i = 0; i < items; i++) this.#skip(this.varInt());
  }

  /** The txid leaves out marker, flag and witnesses (BIP141). */
  #strippedId(start: number, body: number, bodyEnd: number, lockTime: number): Buffer {
    const size = 4 + (bodyEnd - body) + 4;
    const stripped = Buffer.allocUnsafe(size);
    this.#bytes.copy(stripped, 0, start, start + 4);
    this.#bytes.copy(stripped, 4, body, bodyEnd);
    this.#bytes.copy(stripped, size - 4, lockTime, lockTime + 4);
    return doubleHash(stripped);
  }

  #isNull(outpoint: number): boolean {
    for (let i = 0; i < 32; i++) if (this.#bytes[outpoint + i] !== 0) return false;
    return this.#bytes.readUInt32LE(outpoint + 32) === 0xffffffff;
  }

  #record(
    txidBytes: Buffer,
    spent: readonly number[],
    hits: readonly { vout: number; script: string; amountSats: number }[],
  ): void {
    const txid = displayHex(txidBytes);
    for (const at of spent) {
      const prevTxid = displayHex(this.#bytes.subarray(at, at + 32));
      this.spends.push({ txid, prevTxid, prevVout: this.#bytes.readUInt32LE(at + 32) });
    }
    for (const hit of hits) {
      this.outputs.push({ txid, ...hit });
      const outpoint = Buffer.alloc(36);
      txidBytes.copy(outpoint);
      outpoint.writeUInt32LE(hit.vout, 32);
      this.#match.remember(outpoint);
    }
  }

  /** Where the next `length` bytes begin; moves behind them. */
  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw new MalformedBlock('is cut off');
    this.#at = start + length;
    return start;
  }
}

const doubleHash = (bytes: Uint8Array): Buffer => hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer');
