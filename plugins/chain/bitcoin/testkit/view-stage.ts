import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BitcoinChain } from '../../../../domain/ports/chain.ts';
import { bitcoin, plugin } from '../index.ts';
import { type FakeBlock, FakeNode } from './fake-node.ts';

/** Ends what hangs: on a loaded machine events come late. */
export const WAIT_MS = 60_000;
const where = { file: 'view-stage.ts', lineOf: () => undefined };
const logger = { info: () => undefined, warn: () => undefined };

type View = BitcoinChain['view'];

/** A folder for one index, nodes in memory, and views on them; everything is stopped by `close`. */
export class ViewStage {
  readonly dir: string;
  /** Of twelve blocks. */
  readonly node = new FakeNode();
  readonly #cleanups: (() => Promise<void>)[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<ViewStage> {
    const stage = new ViewStage(await mkdtemp(join(tmpdir(), 'firebreak-view-')));
    await stage.listening(stage.node);
    stage.node.mineMany(12);
    return stage;
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
    await rm(this.dir, { recursive: true, force: true });
  }

  async listening(fake: FakeNode): Promise<FakeNode> {
    await fake.listen();
    this.#cleanups.push(() => fake.close());
    return fake;
  }

  /** A started view on the given nodes; the same folder each time. */
  async view(nodes: readonly FakeNode[] = [this.node], settings: object = {}): Promise<View> {
    const section = { rpc_urls: nodes.map((one) => one.url), poll_interval_ms: 20, rpc_timeout_ms: 1_000, ...settings };
    const chain = bitcoin(plugin.parse(section, where))({ dataDir: this.dir, network: 'regtest', logger });
    await chain.view.start?.(new AbortController().signal);
    this.#cleanups.push(async () => chain.view.stop?.());
    return chain.view;
  }
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${WAIT_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const reaches = (chain: View, block: FakeBlock) =>
  until(() => chain.status().tip.hash === block.hash && chain.status().synced, `block ${block.height}`);
export const troubled = (chain: View, code: string) =>
  until(() => chain.status().trouble?.code === code, `${code}, it is ${JSON.stringify(chain.status())}`);
