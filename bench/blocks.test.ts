import { expect, test } from '@jest/globals';
import { readBlock } from '../plugins/chain/bitcoin/block-reader.ts';
import { outpointBytes, WatchList } from '../plugins/chain/bitcoin/watch-list.ts';
import { fullBlock, streamOf, taprootScript, TRANSACTIONS } from './blocks.ts';

const PARENT = '00'.repeat(32);

test('a full block is a whole, real block that pays and spends exactly what was planned', () => {
  const stream = streamOf('blocks');
  const deposits = [taprootScript(stream), taprootScript(stream)];
  const spent = { txid: 'ab'.repeat(32), vout: 3 };
  const block = fullBlock(stream, { parent: PARENT, height: 1, deposits, spends: [spent] });
  expect(block.bytes.length).toBeGreaterThan(1_100_000);
  expect(block.bytes.length).toBeLessThan(1_400_000);
  expect(block.bytes.readUInt16LE(81)).toBe(TRANSACTIONS);

  const list = new WatchList();
  for (const script of deposits) list.addScript(script, 1, 0);
  list.addOutpoint(outpointBytes(spent.txid, spent.vout));
  const reading = readBlock(block.bytes, list.everything());
  if (!reading.ok) throw new Error(reading.fault);
  expect(reading.header).toMatchObject({ hash: block.hash, parent: PARENT });
  expect(reading.outputs.map(({ txid, vout }) => ({ txid, vout }))).toEqual(block.deposits);
  expect(reading.spends.map(({ prevTxid, prevVout }) => ({ txid: prevTxid, vout: prevVout }))).toEqual([spent]);
});

test('the same seed gives the same bytes and another seed others', () => {
  expect(streamOf('a')(64)).toEqual(streamOf('a')(64));
  expect(streamOf('a')(64)).not.toEqual(streamOf('b')(64));
});
