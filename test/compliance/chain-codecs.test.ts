import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { Address, NETWORK, OutScript, TEST_NETWORK, Transaction } from '@scure/btc-signer';
import fc from 'fast-check';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import type { BitcoinNetwork } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memoryCodec } from '../../plugins/chain/memory/codec.ts';

/** Three implementations that share no code: bitcoinjs-lib, ours from the BIPs, and btc-signer. */
const NETWORKS = {
  mainnet: NETWORK,
  testnet: TEST_NETWORK,
  regtest: { ...TEST_NETWORK, bech32: 'bcrt' },
} as const satisfies Record<BitcoinNetwork, object>;

const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte !== 0) && (bytes[0] ?? 0) < 0xff);
const taproot = key.map((secret) => ({ secret, script: `5120${toHex(schnorr.getPublicKey(secret))}` }));
const hash20 = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((hash) => `0014${toHex(hash)}`);
const hash32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((hash) => `0020${toHex(hash)}`);
const payee = fc.oneof(
  taproot.map(({ script }) => script),
  hash20,
  hash32,
);
const input = fc.record({
  owner: taproot,
  txid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex),
  vout: fc.nat(0xffff_ffff),
  amountSats: fc.integer({ min: 10_000, max: 1_000_000_000_000 }),
});
const inputs = fc.uniqueArray(input, { minLength: 1, maxLength: 6, selector: ({ txid, vout }) => `${txid}:${vout}` });

test('payouts, sighashes and signed bytes agree in bitcoinjs-lib, in our own codec and in btc-signer', () => {
  fc.assert(
    fc.property(inputs, payee, fc.integer({ min: 0, max: 5_000 }), (list, payoutScript, feeSats) => {
      const [bitcoin, memory] = [transactionCodec('regtest'), memoryCodec('regtest')];
      const plan = {
        inputs: list.map(({ txid, vout, amountSats, owner }) => ({
          outpoint: { txid, vout },
          amountSats,
          script: owner.script,
        })),
        payoutScript,
        feeSats,
      };
      const made = bitcoin.buildPayout(plan);
      const twin = memory.buildPayout(plan);
      expect({ ...twin, transaction: toHex(twin.transaction) }).toEqual({
        ...made,
        transaction: toHex(made.transaction),
      });
      expect(memory.readTransaction(made.transaction)).toEqual(bitcoin.readTransaction(made.transaction));

      const judge = Transaction.fromRaw(made.transaction, { allowUnknownInputs: true });
      expect(judge.id).toBe(made.txid);
      const scripts = plan.inputs.map(({ script }) => fromHex(script, 'script'));
      const amounts = plan.inputs.map(({ amountSats }) => BigInt(amountSats));
      const sighashes = bitcoin.sighashes(made.transaction, plan.inputs);
      expect(memory.sighashes(made.transaction, plan.inputs).map(toHex)).toEqual(sighashes.map(toHex));
      expect(sighashes.map((_hash, at) => toHex(judge.preimageWitnessV1(at, scripts, 0, amounts)))).toEqual(
        sighashes.map(toHex),
      );

      const signatures = list.map(({ owner }, at) => schnorr.sign(sighashes[at] ?? new Uint8Array(), owner.secret));
      const signed = bitcoin.attachSignatures(made.transaction, signatures);
      expect(toHex(memory.attachSignatures(made.transaction, signatures))).toBe(toHex(signed));
      expect(Transaction.fromRaw(signed, { allowUnknownInputs: true }).vsize).toBe(made.vsize);
    }),
    { numRuns: 40 },
  );
});

test.each(['mainnet', 'testnet', 'regtest'] as const)(
  'addresses of %s agree in all three, and are refused on the others',
  (network) => {
    const others = (['mainnet', 'testnet', 'regtest'] as const).filter((other) => other !== network);
    fc.assert(
      fc.property(payee, (script) => {
        const address = Address(NETWORKS[network]).encode(OutScript.decode(fromHex(script, 'script')));
        for (const make of [transactionCodec, memoryCodec]) {
          expect(make(network).addressOf(script)).toBe(address);
          expect(make(network).scriptOf(address)).toBe(script);
          expect(make(network).scriptOf(address.toUpperCase())).toBe(script);
          for (const other of others) expect(() => make(other).scriptOf(address)).toThrow('not a');
        }
      }),
      { numRuns: 30 },
    );
  },
);

test('no single mistyped letter of an address is accepted', () => {
  const address = transactionCodec('regtest').addressOf(
    `5120${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}`,
  );
  for (let at = 'bcrt1'.length; at < address.length; at++) {
    const wrong = address.slice(0, at) + (address[at] === 'q' ? 'p' : 'q') + address.slice(at + 1);
    for (const make of [transactionCodec, memoryCodec]) {
      expect(() => make('regtest').scriptOf(wrong)).toThrow(expect.objectContaining({ code: 'input.address' }));
    }
  }
});

test('addresses before segwit are known to the Bitcoin codec and refused by its twin', () => {
  const text = '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2';
  const codec = transactionCodec('mainnet');
  expect(codec.addressOf(codec.scriptOf(text))).toBe(text);
  expect(codec.dustLimitSats(codec.scriptOf(text))).toBe(546);
  expect(() => memoryCodec('mainnet').scriptOf(text)).toThrow('segwit');
  expect(() => transactionCodec('regtest').scriptOf(text)).toThrow(expect.objectContaining({ code: 'input.address' }));
});

test('later witness versions, whose coins anyone might spend, are refused both ways', () => {
  const future = `5220${'11'.repeat(32)}`;
  for (const make of [transactionCodec, memoryCodec]) {
    expect(() => make('regtest').addressOf(future)).toThrow(expect.objectContaining({ code: 'input.script' }));
    expect(() => make('mainnet').scriptOf('bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs')).toThrow(
      expect.objectContaining({ code: 'input.address' }),
    );
  }
});
