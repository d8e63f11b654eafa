import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bitsOf, type Header, headerFault, readHeader, retarget, targetOf, workOf } from './header.ts';
import { paramsOf } from './network-params.ts';

/** Blocks 0 and 1 of mainnet. */
const GENESIS =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c';
const FIRST =
  '010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299';

const mainnet = paramsOf('mainnet');
const read = (hex: string): Header => {
  const header = readHeader(Buffer.from(hex, 'hex'));
  if (header === undefined) throw new Error('not a header');
  return header;
};
const flip = (hex: string, byte: number): Header => {
  const bytes = Buffer.from(hex, 'hex');
  bytes[byte] = (bytes[byte] ?? 0) ^ 1;
  return read(bytes.toString('hex'));
};

test('the first two headers of mainnet have their hashes, link and work', () => {
  const [genesis, first] = [read(GENESIS), read(FIRST)];
  expect(genesis.hash).toBe(mainnet.genesisHashes[0]);
  expect(first.parent).toBe(genesis.hash);
  expect(headerFault(first, 1, (height) => (height === 0 ? genesis : undefined), mainnet)).toBeUndefined();
  expect(workOf(genesis)).toBe(0x100010001n);
});

test('a header with any changed field has not the work that it claims', () => {
  for (let byte = 0; byte < 72; byte++)
    expect(headerFault(flip(FIRST, byte), 1, () => undefined, mainnet)).toContain('work');
});

test('a regtest difficulty is refused on mainnet, and a mainnet difficulty on regtest', () => {
  const easy = { ...read(FIRST), bits: 0x207fffff };
  expect(headerFault(easy, 1, () => undefined, mainnet)).toContain('below the minimum');
  expect(headerFault(read(FIRST), 1, () => undefined, paramsOf('regtest'))).toContain('than regtest');
});

test('the difficulty changes at an adjustment only, and to what the rule gives', () => {
  const header = read(FIRST);
  const parent = { bits: 0x1c7fffff, timeSeconds: 0 };
  expect(headerFault(header, 5, () => parent, mainnet)).toContain('between two adjustments');
  const slow = (height: number) =>
    height === 2_015 ? { bits: header.bits, timeSeconds: 1_209_600 } : { bits: header.bits, timeSeconds: 0 };
  expect(headerFault(header, 2_016, slow, mainnet)).toBeUndefined();
  const quick = (height: number) => ({ ...slow(height), timeSeconds: height === 2_015 ? 600_000 : 0 });
  expect(headerFault(header, 2_016, quick, mainnet)).toContain('adjustment rule');
  const unknownStart = (height: number) => (height === 2_015 ? { bits: 0x1b00ffff, timeSeconds: 0 } : undefined);
  expect(headerFault(header, 2_016, unknownStart, mainnet)).toContain('factor of four');
});

// Source: src/test/pow_tests.cpp of Bitcoin Core, get_next_work*.
test.each([
  ['the first adjustment of mainnet', 1_261_130_161, 1_262_152_739, 0x1d00ffff, 0x1d00d86a],
  ['the bound of the easiest target', 1_231_006_505, 1_233_061_996, 0x1d00ffff, 0x1d00ffff],
  ['at most four times as hard', 1_279_008_237, 1_279_297_671, 0x1c05a3f4, 0x1c0168fd],
  ['at most four times as easy', 1_263_163_443, 1_269_211_443, 0x1c387f6f, 0x1d00e1fd],
])('retargeting keeps %s', (_what, firstSeconds, lastSeconds, oldBits, newBits) => {
  expect(retarget(targetOf(oldBits) ?? 0n, lastSeconds - firstSeconds, mainnet.targetMax)).toBe(newBits);
});

test('targets round-trip through their compact form as far as it is precise', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x008000, max: 0x7fffff }), fc.integer({ min: 4, max: 32 }), (mantissa, exponent) => {
      const bits = ((exponent << 24) | mantissa) >>> 0;
      expect(bitsOf(targetOf(bits) ?? 0n)).toBe(bits);
    }),
  );
});

test.each([0, 0x1d800000, 0x1d80ffff, 0xff00ffff, 0x2300ffff, 0x01000000])(
  'the compact target 0x%s is none',
  (bits) => {
    expect(targetOf(bits)).toBeUndefined();
  },
);

test('seventy-nine bytes are no header', () => {
  expect(readHeader(Buffer.alloc(79))).toBeUndefined();
});
