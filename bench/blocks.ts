import { createCipheriv } from 'node:crypto';
import { Transaction } from 'bitcoinjs-lib';
import { buildBlock } from '../devnet/bitcoin/block-builder.ts';
import { displayHex, internalBytes } from '../plugins/chain/bitcoin/merkle.ts';

/** Bytes that look random and are the same for the same seed. */
export type Stream = (bytes: number) => Buffer;

export function streamOf(seed: string): Stream {
  const cipher = createCipheriv('aes-256-ctr', Buffer.from(seed.padEnd(32).slice(0, 32), 'latin1'), Buffer.alloc(16));
  return (bytes) => cipher.update(Buffer.alloc(bytes));
}

/** A Taproot output script, as every vault has one. */
export const taprootScript = (stream: Stream): Buffer => Buffer.concat([Buffer.from('5120', 'hex'), stream(32)]);

export type Coin = { readonly txid: string; readonly vout: number };

export type PlannedBlock = {
  readonly parent: string;
  readonly height: number;
  /** Scripts that one output each pays to; the rest of the block is everybody else's. */
  readonly deposits: readonly Buffer[];
  /** Outputs of earlier blocks that this one spends. */
  readonly spends: readonly Coin[];
};

export type FullBlock = {
  readonly hash: string;
  readonly height: number;
  readonly bytes: Buffer;
  readonly deposits: readonly Coin[];
};

export const TRANSACTIONS = 4_000;
const SIGNATURE_BYTES = 64;

/**
 * A regtest block of 4,000 transactions with one to three key-path inputs and two Taproot outputs each, about 1.2 MB: every output has
 * the length of a vault's script, which is the worst case for whoever searches by length first.
 */
export function fullBlock(stream: Stream, plan: PlannedBlock): FullBlock {
  const transactions = Array.from({ length: TRANSACTIONS - 1 }, (_unused, index) =>
    payment(stream, index, plan.deposits[index], plan.spends[index]),
  );
  const { bytes, hash } = buildBlock({
    parentHash: internalBytes(plan.parent),
    height: plan.height,
    timeSeconds: 1_700_000_000 + plan.height * 600,
    coinbaseScript: taprootScript(stream),
    transactions,
  });
  const deposits = plan.deposits.map((_script, index) => ({ txid: transactions[index]?.getId() ?? '', vout: 0 }));
  return { hash: displayHex(hash), height: plan.height, bytes, deposits };
}

function payment(stream: Stream, index: number, deposit: Buffer | undefined, spend: Coin | undefined): Transaction {
  const transaction = new Transaction();
  transaction.version = 2;
  const inputs = 1 + (index % 3);
  for (let at = 0; at < inputs; at += 1) {
    if (at === 0 && spend !== undefined) transaction.addInput(internalBytes(spend.txid), spend.vout, 0xfffffffd);
    else transaction.addInput(stream(32), index % 4, 0xfffffffd);
    transaction.setWitness(at, [stream(SIGNATURE_BYTES)]);
  }
  transaction.addOutput(deposit ?? taprootScript(stream), 50_000_000n);
  transaction.addOutput(taprootScript(stream), 1_000n + BigInt(index));
  return transaction;
}
