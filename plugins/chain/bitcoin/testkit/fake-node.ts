import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Block, Transaction } from 'bitcoinjs-lib';
import { displayHex, internalBytes } from '../merkle.ts';

export type FakeBlock = {
  readonly hash: string;
  readonly parent: string;
  readonly height: number;
  readonly bytes: Buffer;
};

/** Block 0 of regtest (chainparams.cpp of Bitcoin Core). */
const GENESIS = Buffer.from(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa' +
    '4b1e5e4adae5494dffff7f20020000000101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff00' +
    '1d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f7574' +
    '20666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4c' +
    'ef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000',
  'hex',
);
const REGTEST_BITS = 0x207fffff;

/** What a fake node does wrong; everything is right when a field is absent. */
export type Faults = {
  genesis?: string;
  syncing?: boolean;
  pruned?: boolean;
  /** Blocks that it does not give, by hash. */
  missing?: Set<string>;
  /** Changes the raw bytes of a block before they are sent. */
  tamper?: (bytes: Buffer, hash: string) => Buffer;
  /** Never answers these methods. */
  hang?: Set<string>;
  /** Sends only half of each answer. */
  truncate?: boolean;
  unauthorized?: boolean;
  /** Called before each answer, to change the chain between two questions. */
  before?: (method: string) => void;
};

/** A small regtest node over HTTP whose chain and faults a test decides; it validates nothing, unlike btcd. */
export class FakeNode {
  readonly faults: Faults = {};
  readonly #blocks = new Map<string, FakeBlock>();
  #best: FakeBlock;
  #server: Server | undefined;
  #port = 0;
  #made = 0;

  constructor() {
    const hash = displayHex(Block.fromBuffer(GENESIS).getHash());
    this.#best = { hash, parent: '00'.repeat(32), height: 0, bytes: GENESIS };
    this.#blocks.set(hash, this.#best);
  }

  get best(): FakeBlock {
    return this.#best;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Builds on the best block, or on `parent`; the new block becomes the best one when `select` is not false. */
  mine(transactions: readonly Transaction[] = [], parent: FakeBlock = this.#best, select = true): FakeBlock {
    const block = blockOn(parent, transactions, ++this.#made);
    this.#blocks.set(block.hash, block);
    if (select) this.#best = block;
    return block;
  }

  mineMany(count: number, parent: FakeBlock = this.#best): FakeBlock[] {
    const blocks: FakeBlock[] = [];
    for (let i = 0; i < count; i++) blocks.push(this.mine([], blocks.at(-1) ?? parent));
    return blocks;
  }

  at(height: number): FakeBlock {
    let block = this.#best;
    while (block.height > height) block = this.#blocks.get(block.parent) ?? block;
    return block;
  }

  /** A block whose header has not the work that it claims; it becomes the best one. */
  mineWithoutWork(): FakeBlock {
    const block = blockOn(this.#best, [], ++this.#made, false);
    this.#blocks.set(block.hash, block);
    this.#best = block;
    return block;
  }

  select(block: FakeBlock): void {
    this.#best = block;
  }

  /** Takes over what another node has. */
  copy(other: FakeNode): void {
    for (const [hash, block] of other.#blocks) this.#blocks.set(hash, block);
    this.#best = other.#best;
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address !== 'string') this.#port = address.port;
  }

  /** Stops answering; `listen` brings it back on the same port. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (this.faults.hang?.has(method) === true) return;
    if (this.faults.unauthorized === true) {
      response.writeHead(401).end();
      return;
    }
    const outcome = this.#answer(method, params);
    const text = JSON.stringify({ id, ...outcome });
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(this.faults.truncate === true ? text.slice(0, text.length / 2) : text);
  }

  #answer(method: string, [first, second]: readonly [string, unknown]): object {
    this.faults.before?.(method);
    const block = this.#blocks.get(first);
    const gone = { result: null, error: { code: -5, message: 'not here' } };
    if (method === 'getblockhash') return { result: this.faults.genesis ?? this.at(0).hash, error: null };
    if (method === 'getbestblockhash') return { result: this.#best.hash, error: null };
    if (method === 'getblockchaininfo') return { result: this.#info(), error: null };
    if (block === undefined) return { result: null, error: { code: -32601, message: 'Method not found' } };
    if (method === 'getblockheader' && second === true) {
      const canonical = block.height <= this.#best.height && this.at(block.height).hash === block.hash;
      // As btcd words it: only a canonical block has a height.
      const error = { code: -32603, message: 'not in the main chain' };
      return canonical ? { result: { height: block.height }, error: null } : { result: null, error };
    }
    if (method === 'getblockheader') return { result: block.bytes.toString('hex', 0, 80), error: null };
    if (this.faults.missing?.has(block.hash) === true) return gone;
    const bytes = this.faults.tamper?.(Buffer.from(block.bytes), block.hash) ?? block.bytes;
    return { result: bytes.toString('hex'), error: null };
  }

  #info(): object {
    const { height } = this.#best;
    return {
      chain: 'regtest',
      blocks: height,
      headers: height,
      pruned: this.faults.pruned ?? false,
      initialblockdownload: this.faults.syncing ?? false,
    };
  }
}

/** A transaction of nobody in particular that pays `amountSats` to `script`. */
export function paymentTo(script: string, amountSats: number, prev: { txid: string; vout: number }): Transaction {
  const transaction = new Transaction();
  transaction.version = 2;
  transaction.addInput(internalBytes(prev.txid), prev.vout, 0xfffffffd);
  transaction.addOutput(Buffer.from(script, 'hex'), BigInt(amountSats));
  transaction.setWitness(0, [Buffer.alloc(64, 7)]);
  return transaction;
}

/** A valid regtest block with its own coinbase; `salt` makes equal content different. */
export function blockOn(
  parent: FakeBlock,
  transactions: readonly Transaction[],
  salt: number,
  hasWork = true,
): FakeBlock {
  const coinbase = new Transaction();
  coinbase.addInput(Buffer.alloc(32), 0xffffffff, 0xffffffff, Buffer.from([4, salt & 255, (salt >> 8) & 255, 0, 0]));
  coinbase.addOutput(Buffer.from('51', 'hex'), 5_000_000_000n);
  const block = new Block();
  block.version = 0x20000000;
  block.prevHash = internalBytes(parent.hash);
  block.timestamp = 1_700_000_000 + parent.height;
  block.bits = REGTEST_BITS;
  block.transactions = [coinbase, ...transactions];
  block.merkleRoot = Block.calculateMerkleRoot(block.transactions);
  for (block.nonce = 0; (block.getHash()[31] ?? 0xff) < 0x7f !== hasWork; block.nonce++);
  const bytes = Buffer.from(block.toBuffer());
  return { hash: displayHex(block.getHash()), parent: parent.hash, height: parent.height + 1, bytes };
}
