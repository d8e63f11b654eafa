import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Block } from 'bitcoinjs-lib';
import { readBlock } from '../plugins/chain/bitcoin/block-reader.ts';
import { openIndexFile } from '../plugins/chain/bitcoin/index-file.ts';
import { IndexStore } from '../plugins/chain/bitcoin/index-store.ts';
import { paramsOf } from '../plugins/chain/bitcoin/network-params.ts';
import { Scanner } from '../plugins/chain/bitcoin/scanner.ts';
import { FakeNode } from '../plugins/chain/bitcoin/testkit/fake-node.ts';
import { WatchList } from '../plugins/chain/bitcoin/watch-list.ts';
import { type Coin, type FullBlock, fullBlock, type Stream, streamOf, taprootScript, TRANSACTIONS } from './blocks.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { NodeInMemory } from './node-in-memory.ts';
import { type SpanPair, spanReading, timed, timedAsync } from './timed.ts';

const RUNS = 24;
const WARM_UP = 6;
const SCRIPTS = 100_000;
const SEED = 'firebreak scanner';
/** Of each block: outputs to watched scripts, and spends of such outputs of the block before it. */
const DEPOSITS = 20;
const SPENDS = 10;

export const scanner: Measure = {
  name: 'scanner',
  about:
    `Blocks of ${TRANSACTIONS} transactions (every output a Taproot script, ${DEPOSITS} of them to watched scripts, ${SPENDS} inputs that spend ` +
    `such outputs). Result: \`Scanner.follow\` connects one block with ${SCRIPTS} scripts watched, from the node's answer in memory: ` +
    'header walk and proof of work, hexadecimal to bytes, the pass over the block, the match of every script and every outpoint, the commit ' +
    'to the SQLite file. Floor: the same pass over the same block with nothing watched: hexadecimal to bytes, every transaction walked ' +
    'and its txid hashed, the merkle root recomputed and compared.',
  async run(setting) {
    const folder = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
    try {
      return await compare(setting, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Rig = {
  readonly stream: Stream;
  readonly scripts: readonly Buffer[];
  readonly node: NodeInMemory;
  readonly scanner: Scanner;
  readonly store: IndexStore;
  readonly genesis: string;
};

async function compare({ runs = RUNS, say, signal }: Setting, folder: string): Promise<readonly Reading[]> {
  const rig = await watching(folder, signal);
  const blocks = chainOf(rig, WARM_UP + runs, signal);
  say(`${SCRIPTS} scripts are watched, ${blocks.length} blocks are made, seed "${SEED}"`);
  const list = watchListOf(rig.scripts);
  const empty = new WatchList();
  const pass = (watch: WatchList, block: FullBlock): void => passOver(rig.node.textOf(block.hash), watch);
  const follows: SpanPair[] = [];
  const passes: SpanPair[] = [];
  for (const [round, block] of blocks.entries()) {
    signal.throwIfAborted();
    rig.node.select(block.hash);
    // Whoever comes second finds the block's text in the processor's cache: they take turns.
    const early = round % 2 === 0 ? undefined : timed(() => pass(empty, block));
    const result = await timedAsync(() => rig.scanner.follow(rig.node.asNode(), signal));
    const floor = early ?? timed(() => pass(empty, block));
    checkFound(rig.store, block);
    if (round >= WARM_UP) follows.push({ result, floor });
  }
  rig.store.close();
  for (const [round, block] of blocks.entries()) {
    const early = round % 2 === 0 ? undefined : timed(() => pass(empty, block));
    const result = timed(() => pass(list, block));
    const floor = early ?? timed(() => pass(empty, block));
    if (round >= WARM_UP) passes.push({ result, floor });
  }
  const measured = blocks.slice(WARM_UP);
  const library = measured.map((block) => timed(() => Block.fromBuffer(block.bytes)));
  const libraries = library.flatMap((floor, at) => {
    const result = follows[at]?.result;
    return result === undefined ? [] : [{ result, floor }];
  });
  const megabytes = ((blocks[0]?.bytes.length ?? 0) / 1e6).toFixed(2);
  const target = { of: 'ratio', max: 1.3 } as const;
  return [
    {
      ...spanReading(
        'scanner, full block, 100,000 scripts watched',
        follows,
        `blocks of ${megabytes} MB; floor: bare pass`,
      ),
      target,
    },
    spanReading('  the pass alone, watched against unwatched', passes, 'both watch lists, no header walk, no disk'),
    spanReading(
      '  scanner against the library’s parser',
      libraries,
      'floor: `Block.fromBuffer` of bitcoinjs-lib, from bytes, which hashes nothing',
    ),
  ];
}

/** The node has block 0, the index follows it, and every script is watched and searched for. */
async function watching(folder: string, signal: AbortSignal): Promise<Rig> {
  const { best: genesis } = new FakeNode();
  const node = new NodeInMemory(genesis);
  const store = new IndexStore(openIndexFile(join(folder, 'chain.sqlite'), 0).db);
  const options = { params: paramsOf('regtest'), reorgDepthMax: 100, startHeight: 0 };
  const following = new Scanner(store, options, () => undefined);
  const stream = streamOf(SEED);
  const scripts = Array.from({ length: SCRIPTS }, () => taprootScript(stream));
  await following.follow(node.asNode(), signal);
  following.addScripts(
    scripts.map((script) => script.toString('hex')),
    0,
  );
  while (await following.backScan(node.asNode(), signal));
  return { stream, scripts, node, scanner: following, store, genesis: genesis.hash };
}

function watchListOf(scripts: readonly Buffer[]): WatchList {
  const list = new WatchList();
  for (const script of scripts) list.addScript(script, 1, 0);
  return list;
}

/** Made before anything is timed: what making them leaves behind is not collected while somebody counts. */
function chainOf({ stream, scripts, node, genesis }: Rig, count: number, signal: AbortSignal): readonly FullBlock[] {
  const blocks: FullBlock[] = [];
  for (let height = 1; height <= count; height += 1) {
    signal.throwIfAborted();
    const last = blocks.at(-1);
    const first = (height * DEPOSITS) % (SCRIPTS - DEPOSITS);
    const spends: readonly Coin[] = last?.deposits.slice(0, SPENDS) ?? [];
    const deposits = scripts.slice(first, first + DEPOSITS);
    const block = fullBlock(stream, { parent: last?.hash ?? genesis, height, deposits, spends });
    node.add(block);
    blocks.push(block);
  }
  return blocks;
}

/** From the text that a node sends to a block whose merkle root holds. */
function passOver(text: string, watch: WatchList): void {
  const reading = readBlock(Buffer.from(text, 'hex'), watch.everything());
  if (!reading.ok) throw new Error(`the block ${reading.fault}`);
}

/** A scanner that missed what it was there for would be quick. */
function checkFound(store: IndexStore, block: FullBlock): void {
  const outputs = store.outputsIn(block.hash, block.height).length;
  const spends = store.spendsIn(block.hash).length;
  const expected = block.height === 1 ? 0 : SPENDS;
  if (outputs !== DEPOSITS || spends !== expected)
    throw new Error(
      `the scanner found ${outputs} deposits and ${spends} spends instead of ${DEPOSITS} and ${expected}`,
    );
}
