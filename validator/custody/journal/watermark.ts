import { closeSync, existsSync, fdatasync, fdatasyncSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { damaged } from './faults.ts';

const SLOT_BYTES = 512; // one sector each: a torn write spoils one slot, never both
const SUM_BYTES = 16;

/**
 * How many binding writes the journal has made, kept outside the database. A write-ahead log that lost its tail, a journal file
 * that was removed or an older copy put in its place all open without complaint in SQLite; here they are below the mark.
 * The mark is raised after the commit, and nobody waits for the disk: a mark that a crash or a power failure leaves behind is harmless.
 */
export type Watermark = {
  readonly value: number;
  /** Throws what an earlier one met when it reached the disk. */
  raise(to: number): void;
  close(): void;
};

/**
 * Creates the file when `mayCreate`, also over one that a crash left before its first slot was whole: the journal is made after the mark,
 * so where there is none nothing was ever written. A missing or unreadable one is `policy.journal-damaged`.
 */
export function openWatermark(file: string, mayCreate: boolean): Watermark {
  const exists = existsSync(file);
  if (!exists && !mayCreate) throw damaged(file, 'its watermark file is missing');
  const fresh = !exists || (mayCreate && statSync(file).size < SLOT_BYTES);
  const descriptor = openSync(file, exists ? 'r+' : 'wx+', 0o600);
  try {
    if (fresh) {
      writeSlot(descriptor, 0, 0);
      writeSlot(descriptor, 1, 0);
      fdatasyncSync(descriptor);
    }
    const slots = [readSlot(descriptor, 0) ?? -1, readSlot(descriptor, 1) ?? -1];
    const value = Math.max(...slots);
    if (value < 0) throw damaged(file, 'its watermark is not readable');
    return watermark(descriptor, value, slots.indexOf(value));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function watermark(descriptor: number, start: number, usedSlot: number): Watermark {
  let value = start;
  let slot = usedSlot;
  let failed: Error | undefined;
  let isSyncing = false;
  let isDue = false;
  let isClosed = false;
  const sync = (): void => {
    isDue = isSyncing;
    if (isSyncing) return;
    isSyncing = true;
    fdatasync(descriptor, (error) => {
      isSyncing = false;
      if (isClosed) return;
      failed ??= error ?? undefined;
      if (isDue) sync();
    });
  };
  return {
    get value() {
      return value;
    },
    raise(to) {
      const before = failed;
      failed = undefined;
      if (before !== undefined) throw before;
      // Only one slot is ever on its way to the disk, so that a power failure leaves the other one whole.
      if (!isSyncing) slot = 1 - slot;
      writeSlot(descriptor, slot, to);
      value = to;
      sync();
    },
    close() {
      isClosed = true;
      // A sync that is still under way may meet another file behind this descriptor, and does it no harm.
      closeSync(descriptor);
    },
  };
}

function writeSlot(descriptor: number, slot: number, value: number): void {
  const bytes = Buffer.alloc(SLOT_BYTES);
  bytes.writeBigUInt64BE(BigInt(value), 0);
  bytes.set(sha256(bytes.subarray(0, 8)).subarray(0, SUM_BYTES), 8);
  writeSync(descriptor, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
}

function readSlot(descriptor: number, slot: number): number | undefined {
  const bytes = Buffer.alloc(8 + SUM_BYTES);
  if (readSync(descriptor, bytes, 0, bytes.length, slot * SLOT_BYTES) !== bytes.length) return undefined;
  const sum = sha256(bytes.subarray(0, 8)).subarray(0, SUM_BYTES);
  return sum.every((byte, index) => byte === bytes[8 + index]) ? Number(bytes.readBigUInt64BE(0)) : undefined;
}
