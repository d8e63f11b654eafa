import { randomBytes } from 'node:crypto';
import { script, Transaction } from 'bitcoinjs-lib';
import { doubleSha256, merkleRoot } from '../../plugins/chain/bitcoin/merkle.ts';

const REGTEST_BITS = 0x207fffff;
const HALVING_BLOCKS = 150;
const VERSION = 0x20000000;

export type BlockPlan = {
  /** Internal byte order. */
  readonly parentHash: Uint8Array;
  readonly height: number;
  /** Unix seconds; above the median of the last 11 and near the wall clock, or btcd keeps confirmed rivals in its mempool. */
  readonly timeSeconds: number;
  readonly coinbaseScript: Uint8Array;
  readonly transactions: readonly Transaction[];
};

/** Fees are left to nobody: the builder does not know what the inputs were worth. */
export const subsidySats = (height: number): bigint => {
  const halvings = Math.floor(height / HALVING_BLOCKS);
  return halvings >= 64 ? 0n : 5_000_000_000n >> BigInt(halvings);
};

/** A regtest block that Core and btcd accept: BIP34 height, witness commitment, proof of work. */
export function buildBlock(plan: BlockPlan): { readonly bytes: Buffer; readonly hash: Buffer } {
  const coinbase = coinbaseFor(plan);
  const all = [coinbase, ...plan.transactions];
  const header = Buffer.alloc(80);
  header.writeInt32LE(VERSION, 0);
  header.set(plan.parentHash, 4);
  header.set(merkleRoot(Buffer.concat(all.map((tx) => tx.getHash()))).root, 36);
  header.writeUInt32LE(plan.timeSeconds, 68);
  header.writeUInt32LE(REGTEST_BITS, 72);
  const hash = mineHeader(header);
  const count = all.length < 0xfd ? Buffer.from([all.length]) : Buffer.from([0xfd, all.length & 0xff, all.length >> 8]);
  return { bytes: Buffer.concat([header, count, ...all.map((tx) => tx.toBuffer())]), hash };
}

function coinbaseFor(plan: BlockPlan): Transaction {
  const coinbase = new Transaction();
  coinbase.version = 2;
  // Random bytes make two branches with equal content different blocks.
  const tag = script.compile([script.number.encode(plan.height), randomBytes(8)]);
  coinbase.addInput(Buffer.alloc(32), 0xffffffff, 0xffffffff, tag);
  coinbase.addOutput(plan.coinbaseScript, subsidySats(plan.height));
  const reserved = Buffer.alloc(32);
  const witnessHashes = [Buffer.alloc(32), ...plan.transactions.map((tx) => Buffer.from(tx.getHash(true)))];
  const commitment = doubleSha256(Buffer.concat([merkleRoot(Buffer.concat(witnessHashes)).root, reserved]));
  coinbase.addOutput(Buffer.concat([Buffer.from('6a24aa21a9ed', 'hex'), commitment]), 0n);
  coinbase.setWitness(0, [reserved]);
  return coinbase;
}

/** Regtest asks for a hash below 2^255: two tries on average. */
function mineHeader(header: Buffer): Buffer {
  for (let nonce = 0; nonce < 10_000; nonce++) {
    header.writeUInt32LE(nonce, 76);
    const hash = doubleSha256(header);
    if ((hash[31] ?? 0xff) < 0x7f) return hash;
  }
  throw new Error('no proof of work within 10,000 tries, which regtest makes practically impossible');
}
