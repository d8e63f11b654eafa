import { expect, test } from '@jest/globals';
import { Block, Transaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { readBlock } from './block-reader.ts';
import { internalBytes } from './merkle.ts';
import { blockOn, FakeNode, paymentTo } from './testkit/fake-node.ts';
import { outpointBytes, WatchList } from './watch-list.ts';

const SCRIPT = `5120${'ab'.repeat(32)}`;
const nothing = new WatchList();
const parent = new FakeNode().best;

function watching(...scripts: string[]): WatchList {
  const list = new WatchList();
  for (const script of scripts) list.addScript(Buffer.from(script, 'hex'), 1, 0);
  return list;
}

const arbitraryTransaction = fc
  .record({
    segwit: fc.boolean(),
    inputs: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 4 }),
    scriptSig: fc.uint8Array({ maxLength: 300 }),
    outputs: fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 300 }),
    lockTime: fc.nat(),
  })
  .map(({ segwit, inputs, scriptSig, outputs, lockTime }) => {
    const transaction = new Transaction();
    transaction.version = 2;
    transaction.locktime = lockTime;
    for (const [index, hash] of inputs.entries()) transaction.addInput(hash, index, 7, scriptSig);
    for (const script of outputs) transaction.addOutput(script, 5n);
    if (segwit) transaction.setWitness(0, [new Uint8Array(70), scriptSig, new Uint8Array()]);
    return transaction;
  });

test('random blocks, with and without witnesses, are read as bitcoinjs-lib reads them', () => {
  fc.assert(
    fc.property(fc.array(arbitraryTransaction, { maxLength: 12 }), fc.nat(60_000), (transactions, salt) => {
      const { bytes, hash } = blockOn(parent, transactions, salt);
      const wanted = transactions.flatMap((transaction) =>
        transaction.outs.map((output) => Buffer.from(output.script).toString('hex')),
      );
      const reading = readBlock(bytes, watching(...wanted.filter((script) => script !== '')).everything());
      if (!reading.ok) throw new Error(reading.fault);
      expect(reading.header.hash).toBe(hash);
      const expected = Block.fromBuffer(bytes)
        .transactions?.slice(1)
        .flatMap((transaction) =>
          transaction.outs.flatMap((output, vout) =>
            output.script.length === 0
              ? []
              : [
                  {
                    txid: transaction.getId(),
                    vout,
                    script: Buffer.from(output.script).toString('hex'),
                    amountSats: 5,
                  },
                ],
          ),
        );
      // The coinbase pays OP_TRUE, which a random script may equal.
      expect(reading.outputs.filter((output) => output.amountSats === 5)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('a spend is found in the block of its output and in a later one, and a stranger is not', () => {
  const deposit = paymentTo(SCRIPT, 9_000, { txid: '11'.repeat(32), vout: 3 });
  const spend = paymentTo(`5120${'cd'.repeat(32)}`, 8_000, { txid: deposit.getId(), vout: 0 });
  const other = paymentTo(`5120${'cd'.repeat(32)}`, 8_000, { txid: deposit.getId(), vout: 1 });
  const both = readBlock(blockOn(parent, [deposit, spend, other], 1).bytes, watching(SCRIPT).everything());
  const found = { txid: spend.getId(), prevTxid: deposit.getId(), prevVout: 0 };
  expect(both).toMatchObject({ ok: true, spends: [found] });
  const list = new WatchList();
  list.addOutpoint(outpointBytes(deposit.getId(), 0));
  const later = blockOn(parent, [spend, other], 2).bytes;
  expect(readBlock(later, list.everything())).toMatchObject({ ok: true, outputs: [], spends: [found] });
  list.removeOutpoint(outpointBytes(deposit.getId(), 0));
  expect(readBlock(later, list.everything())).toMatchObject({ ok: true, spends: [] });
});

test('a back-scan finds its own scripts only', () => {
  const list = watching(SCRIPT);
  list.addScript(Buffer.from(`5120${'ef'.repeat(32)}`, 'hex'), 2, 5);
  const { bytes } = blockOn(parent, [paymentTo(SCRIPT, 1_000, { txid: '22'.repeat(32), vout: 0 })], 1);
  expect(readBlock(bytes, list.only(1))).toMatchObject({ ok: true, outputs: [{ script: SCRIPT }] });
  expect(readBlock(bytes, list.only(2))).toMatchObject({ ok: true, outputs: [] });
  expect(list.byHeight()).toEqual(
    new Map([
      [0, [SCRIPT]],
      [5, [`5120${'ef'.repeat(32)}`]],
    ]),
  );
});

test('a block that is cut off at any byte is a fault and never an exception', () => {
  const { bytes } = blockOn(parent, [paymentTo(SCRIPT, 1_000, { txid: '22'.repeat(32), vout: 0 })], 1);
  for (let length = 0; length < bytes.length; length++) {
    expect(readBlock(bytes.subarray(0, length), nothing.everything())).toMatchObject({ ok: false });
  }
  expect(readBlock(Buffer.concat([bytes, Buffer.alloc(1)]), nothing.everything())).toMatchObject({ ok: false });
});

test('a changed bit in any transaction byte that its id covers is a fault', () => {
  const payment = paymentTo(SCRIPT, 1_000, { txid: '22'.repeat(32), vout: 0 });
  payment.stripWitnesses();
  const { bytes } = blockOn(parent, [payment], 1);
  const list = watching(SCRIPT);
  for (let at = 81; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    expect(readBlock(changed, list.everything())).toMatchObject({ ok: false });
  }
});

test('a coinbase in another place, or none, is a fault', () => {
  const payment = paymentTo(SCRIPT, 1_000, { txid: '22'.repeat(32), vout: 0 });
  const block = Block.fromBuffer(blockOn(parent, [payment], 1).bytes);
  const [coinbase, other] = block.transactions ?? [];
  for (const list of [[other, coinbase], [other], [coinbase, other, coinbase]]) {
    block.transactions = list.filter((one) => one !== undefined);
    block.merkleRoot = Block.calculateMerkleRoot(block.transactions);
    expect(readBlock(Buffer.from(block.toBuffer()), nothing.everything())).toEqual({
      ok: false,
      fault: 'has its coinbase elsewhere than in first place',
    });
  }
});

test('a payment of more than all coins is a fault', () => {
  const payment = new Transaction();
  payment.addInput(internalBytes('22'.repeat(32)), 0);
  payment.addOutput(Buffer.from(SCRIPT, 'hex'), 2_100_000_000_000_001n);
  expect(readBlock(blockOn(parent, [payment], 1).bytes, watching(SCRIPT).everything())).toMatchObject({ ok: false });
});
