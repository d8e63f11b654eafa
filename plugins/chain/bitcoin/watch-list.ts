import { Sieve } from './sieve.ts';

/** Standard scripts have bytes of their hash or key here, whatever their opcodes before it. */
const SCRIPT_WORD = 4;
const SCRIPT_BYTES_MIN = SCRIPT_WORD + 4;

/**
 * What the scanner looks for, in memory: 100,000 scripts must cost a block little more than its parse.
 * A sieve over three bytes of each answers nearly every question; the maps behind it are keyed by latin1 text of the raw bytes,
 * which V8 makes and hashes faster than hex.
 */
export class WatchList {
  readonly #scripts = new Map<string, number>();
  readonly #scanFrom = new Map<number, number>();
  readonly #lengths = new Set<number>();
  readonly #outpoints = new Set<string>();
  readonly #scriptSieve = new Sieve();
  readonly #outpointSieve = new Sieve();

  /** `scan` numbers the back-scan that this script belongs to. */
  addScript(script: Uint8Array, scan: number, fromHeight: number): void {
    this.#scanFrom.set(scan, fromHeight);
    this.#scripts.set(keyOf(script), scan);
    this.#lengths.add(script.length);
    if (script.length >= SCRIPT_BYTES_MIN) this.#scriptSieve.add(script, SCRIPT_WORD);
  }

  byHeight(): ReadonlyMap<number, readonly string[]> {
    const scripts = new Map<number, string[]>();
    for (const [key, scan] of this.#scripts) {
      const fromHeight = this.#scanFrom.get(scan) ?? 0;
      const list = scripts.get(fromHeight) ?? [];
      list.push(Buffer.from(key, 'latin1').toString('hex'));
      scripts.set(fromHeight, list);
    }
    return scripts;
  }

  addOutpoint(outpoint: Uint8Array): void {
    this.#outpoints.add(keyOf(outpoint));
    this.#outpointSieve.add(outpoint, 0);
  }

  removeOutpoint(outpoint: Uint8Array): void {
    this.#outpoints.delete(keyOf(outpoint));
  }

  /** The back-scan of a watched script. */
  scanOf(bytes: Buffer, start: number, end: number): number | undefined {
    const length = end - start;
    if (!this.#lengths.has(length)) return undefined;
    if (length >= SCRIPT_BYTES_MIN && !this.#scriptSieve.mayHave(bytes, start + SCRIPT_WORD)) return undefined;
    return this.#scripts.get(bytes.toString('latin1', start, end));
  }

  hasOutpoint(bytes: Buffer, start: number): boolean {
    if (!this.#outpointSieve.mayHave(bytes, start)) return false;
    return this.#outpoints.has(bytes.toString('latin1', start, start + OUTPOINT_BYTES));
  }

  /** For a new block: every script. */
  everything(): Matcher {
    return new Matcher(this, undefined);
  }

  /** For a back-scan: only the scripts of `scan`, which other blocks were never searched for. */
  only(scan: number): Matcher {
    return new Matcher(this, scan);
  }
}

/** One pass over one or several blocks; outputs that it finds are watched for the rest of the pass. */
export class Matcher {
  readonly #list: WatchList;
  readonly #scan: number | undefined;
  readonly #found = new Set<string>();
  /** First four bytes of each: nearly every input of a block is told apart without making a text of it. */
  readonly #foundWords = new Set<number>();

  constructor(list: WatchList, scan: number | undefined) {
    this.#list = list;
    this.#scan = scan;
  }

  script(bytes: Buffer, start: number, end: number): boolean {
    const scan = this.#list.scanOf(bytes, start, end);
    return scan !== undefined && (this.#scan === undefined || scan === this.#scan);
  }

  /** `start` is where txid (internal order) and vout begin, as an input carries them. */
  outpoint(bytes: Buffer, start: number): boolean {
    if (this.#list.hasOutpoint(bytes, start)) return true;
    if (!this.#foundWords.has(bytes.readUInt32LE(start))) return false;
    return this.#found.has(bytes.toString('latin1', start, start + OUTPOINT_BYTES));
  }

  remember(outpoint: Uint8Array): void {
    const bytes = Buffer.from(outpoint);
    this.#foundWords.add(bytes.readUInt32LE(0));
    this.#found.add(keyOf(bytes));
  }
}

const OUTPOINT_BYTES = 36;

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Txid in display order and output number as the 36 bytes that an input carries. */
export function outpointBytes(txid: string, vout: number): Buffer {
  const bytes = Buffer.alloc(OUTPOINT_BYTES);
  Buffer.from(txid, 'hex').reverse().copy(bytes);
  bytes.writeUInt32LE(vout, 32);
  return bytes;
}
