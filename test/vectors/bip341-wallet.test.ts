import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { payments, Transaction } from 'bitcoinjs-lib';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memoryCodec } from '../../plugins/chain/memory/codec.ts';
import { leafHash, TAPSCRIPT_LEAF_VERSION } from '../../threshold/verify/refund-leaf.ts';
import { readVectors } from './data.ts';

type Leaf = { readonly id: number; readonly script: string; readonly leafVersion: number };
type Tree = Leaf | readonly [Tree, Tree];
type OutputVector = {
  readonly given: { readonly internalPubkey: string; readonly scriptTree: Tree | null };
  readonly intermediary: { readonly leafHashes?: readonly string[]; readonly tweakedPubkey: string };
  readonly expected: { readonly scriptPubKey: string; readonly bip350Address: string };
};
type InputVector = {
  readonly given: { readonly txinIndex: number; readonly hashType: number };
  readonly intermediary: { readonly sigHash: string };
  readonly expected: { readonly witness: readonly string[] };
};
type SpendVector = {
  readonly given: {
    readonly rawUnsignedTx: string;
    readonly utxosSpent: readonly { readonly scriptPubKey: string; readonly amountSats: number }[];
  };
  readonly inputSpending: readonly InputVector[];
};

const vectors = JSON.parse(readVectors('bip341-wallet-test-vectors.json')) as {
  readonly version: number;
  readonly scriptPubKey: readonly OutputVector[];
  readonly keyPathSpending: readonly SpendVector[];
};
const codecs = { bitcoin: transactionCodec('mainnet'), memory: memoryCodec('mainnet') };

const leavesOf = (tree: Tree | null): readonly Leaf[] => {
  if (tree === null) return [];
  return 'script' in tree ? [tree] : tree.flatMap(leavesOf);
};

type LibraryTree = NonNullable<Parameters<typeof payments.p2tr>[0]['scriptTree']>;
const libraryTree = (tree: Tree): LibraryTree =>
  'script' in tree
    ? { output: fromHex(tree.script, 'leaf'), version: tree.leafVersion }
    : [libraryTree(tree[0]), libraryTree(tree[1])];

test('the file has the version and the number of cases that are expected', () => {
  expect(vectors.version).toBe(1);
  expect(vectors.scriptPubKey).toHaveLength(7);
  expect(vectors.keyPathSpending.flatMap((spend) => spend.inputSpending)).toHaveLength(7);
});

test.each(vectors.scriptPubKey.map((vector, index) => ({ index, vector })))(
  'output $index: both codecs and bitcoinjs-lib over our curve give its script and address',
  ({ vector: { given, expected } }) => {
    for (const codec of Object.values(codecs)) {
      expect(codec.addressOf(expected.scriptPubKey)).toBe(expected.bip350Address);
      expect(codec.scriptOf(expected.bip350Address)).toBe(expected.scriptPubKey);
    }
    const internalPubkey = fromHex(given.internalPubkey, 'internal key', 32);
    const tree = given.scriptTree === null ? {} : { scriptTree: libraryTree(given.scriptTree) };
    expect(toHex(payments.p2tr({ internalPubkey, ...tree }).output ?? new Uint8Array())).toBe(expected.scriptPubKey);
  },
);

test('the hash of every Tapscript leaf is what a refund leaf would have', () => {
  let checked = 0;
  for (const { given, intermediary } of vectors.scriptPubKey) {
    for (const leaf of leavesOf(given.scriptTree)) {
      if (leaf.leafVersion !== TAPSCRIPT_LEAF_VERSION) continue;
      expect(toHex(leafHash(fromHex(leaf.script, 'leaf')))).toBe(intermediary.leafHashes?.[leaf.id]);
      checked += 1;
    }
  }
  expect(checked).toBeGreaterThanOrEqual(8);
});

const spends = vectors.keyPathSpending.flatMap(({ given, inputSpending }) =>
  inputSpending.map((input) => ({ index: input.given.txinIndex, hashType: input.given.hashType, given, input })),
);

test.each(spends)(
  'input $index with hash type $hashType: the sighash is that of the vector',
  ({ given, input, index, hashType }) => {
    const transaction = fromHex(given.rawUnsignedTx, 'transaction');
    const prevouts = given.utxosSpent.map(({ scriptPubKey, amountSats }) => ({ script: scriptPubKey, amountSats }));
    const { sigHash } = input.intermediary;
    const scripts = prevouts.map(({ script }) => fromHex(script, 'script'));
    const values = prevouts.map(({ amountSats }) => BigInt(amountSats));
    expect(toHex(Transaction.fromBuffer(transaction).hashForWitnessV1(index, scripts, values, hashType))).toBe(sigHash);
    for (const codec of Object.values(codecs)) {
      const ours = codec.sighashes(transaction, prevouts)[index] ?? new Uint8Array();
      // The codecs know one hash type, so theirs is the vector's exactly when the vector uses it.
      expect(toHex(ours) === sigHash).toBe(hashType === Transaction.SIGHASH_DEFAULT);
      if (hashType !== Transaction.SIGHASH_DEFAULT) continue;
      const signature = fromHex(input.expected.witness[0] ?? '', 'signature', 64);
      const outputKey = scripts[index]?.slice(2) ?? new Uint8Array();
      expect(schnorr.verify(signature, ours, outputKey)).toBe(true);
    }
  },
);
