import { anchorHeight, checkHeight, checkWorkAbove } from './checkpoint.ts';
import type { NetworkParams } from './network-params.ts';
import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import { searchedFrom } from './index-file.ts';
import type { ConnectedBlock, IndexStore, Scan, StoredBlock } from './index-store.ts';
import type { Node } from './nodes.ts';
import {
  behind,
  bestBlock,
  bestHash,
  blocksToOvertake,
  checkBranch,
  fetchBlock,
  headersDown,
  type Walk,
  type WalkedHeader,
  walkTo,
} from './walk.ts';
import { type Matcher, outpointBytes, WatchList } from './watch-list.ts';

export type ScannerOptions = {
  readonly params: NetworkParams;
  readonly reorgDepthMax: number;
  /** First height of an empty index; the tip's last day of blocks when absent. Never above the network's checkpoint. */
  readonly startHeight?: number;
  /** Headers that are fetched in one go below the index; a period of the difficulty when absent. */
  readonly lowerHeaders?: number;
  /** Told how many blocks were taken back. */
  readonly rolledBack?: (blocks: number) => void;
};

const FIRST_HEADERS = 144;
const LOWER_HEADERS = 2_016;
/** Blocks of a back-scan between two looks at the tip. */
const BACK_SCAN_BLOCKS = 50;

/**
 * Keeps the index equal to the node's best chain: rollback highest first, connect lowest first, back-scans for new scripts.
 * Called from one loop only, so that steps never overlap. Throws FirebreakFailure; what was stored before stays valid.
 */
export class Scanner {
  readonly #store: IndexStore;
  readonly #options: ScannerOptions;
  readonly #watch = new WatchList();
  readonly #changed: () => void;

  constructor(store: IndexStore, options: ScannerOptions, changed: () => void) {
    this.#store = store;
    this.#options = options;
    this.#changed = changed;
    for (const { script, fromHeight, scan } of store.watched())
      this.#watch.addScript(fromHex(script, 'script'), scan, fromHeight);
    for (const { txid, vout } of store.watchedOutpoints()) this.#watch.addOutpoint(outpointBytes(txid, vout));
  }

  /** Adds what is new or was watched from higher up only; the numbers of the back-scans that the scripts wait for. */
  addScripts(scripts: readonly string[], fromHeight: number): number[] {
    const missing = scripts.filter(
      (script) => (this.#store.watchedFrom(script) ?? Number.POSITIVE_INFINITY) > fromHeight,
    );
    const unique = [...new Set(missing)];
    const bytes = unique.map((script) => fromHex(script, 'script'));
    if (unique.length > 0) {
      const scan = this.#store.atomically(() => {
        const id = this.#store.addScan(fromHeight, false, searchedFrom(fromHeight, this.#options.reorgDepthMax));
        for (const script of unique) this.#store.watch(script, fromHeight, id);
        return id;
      });
      for (const script of bytes) this.#watch.addScript(script, scan, fromHeight);
    }
    return this.#store.scansOf(scripts);
  }

  /** Every watched script (hex) by the height that it is watched from; what a rebuilt index is told to search for. */
  watchList(): ReadonlyMap<number, readonly string[]> {
    return this.#watch.byHeight();
  }

  /**
   * One look at the node: follows its best chain to the end. With `accepted` it must have that block, and may leave ours at any depth; once the
   * first blocks of it are ours the alarm is over, however the rest goes.
   */
  async follow(node: Node, signal: AbortSignal, accepted?: ChainAnchor): Promise<void> {
    this.#checkGenesis(node);
    const tip = this.#store.tip();
    if (accepted === undefined && tip !== undefined && tip.hash === (await bestHash(node.rpc, signal))) return;
    const best = await bestBlock(node.rpc, signal);
    if (tip === undefined) return this.#begin(node, best, signal);
    const { reorgDepthMax, params } = this.#options;
    const walk = await walkTo(node.rpc, best, this.#store, tip, reorgDepthMax, params, signal, accepted);
    checkBranch(node.rpc, walk.branch, this.#store, params);
    const extendsOurs = walk.fork.height === tip.height;
    if (extendsOurs && accepted !== undefined) this.#store.dropMeta('halted');
    const rest = extendsOurs ? walk.branch : await this.#reorganise(node, walk, tip, signal);
    const match = this.#watch.everything();
    for (const walked of rest) this.#connect([await this.#read(node, walked, match, signal)]);
  }

  /** A slice of the back-scan that is furthest behind; false when nothing is left to do. */
  async backScan(node: Node, signal: AbortSignal): Promise<boolean> {
    const scan = this.#store.pendingScan();
    const tip = this.#store.tip();
    if (scan === undefined || tip === undefined) return false;
    await this.#lowerBase(node, scan, signal);
    const match = this.#watch.only(scan.id);
    const end = Math.min(scan.nextHeight + BACK_SCAN_BLOCKS, tip.height + 1);
    for (let height = scan.nextHeight; height < end; height++) {
      const block = this.#store.blockAt(height);
      if (block === undefined) throw new Error(`the index has a hole at height ${height}`);
      const { outputs, spends } = await fetchBlock(node, block.hash, match, signal);
      this.#store.atomically(() => {
        this.#store.addFindings(block.hash, height, outputs, spends);
        this.#store.moveScan(scan.id, height + 1);
      });
      for (const { txid, vout } of outputs) this.#watch.addOutpoint(outpointBytes(txid, vout));
    }
    if (end > tip.height) this.#store.atomically(() => this.#store.finishScan(scan.id));
    return true;
  }

  /** testnet has two chains, and an operator may reuse a data folder: the index belongs to the chain that it began with. */
  #checkGenesis(node: Node): void {
    const known = this.#store.meta('genesis');
    if (known === node.facts.genesis) return;
    if (known === undefined) return this.#store.setMeta('genesis', node.facts.genesis);
    throw new FirebreakFailure(
      'policy.wrong-network',
      `Bitcoin node ${node.rpc.name} serves another chain than the one that this index was filled from`,
      { node: node.rpc.name },
    );
  }

  /** Down to the checkpoint and with the work that is known to be above it, or not at all: the index trusts nothing that the node says. */
  async #begin(node: Node, best: ChainAnchor, signal: AbortSignal): Promise<void> {
    const { hash, height } = best;
    const { params, startHeight } = this.#options;
    const { checkpoint } = params;
    checkHeight(node.rpc, checkpoint, height);
    const usual = Math.max(0, Math.min(startHeight ?? height - FIRST_HEADERS, height));
    const lowest = checkpoint === undefined ? usual : Math.min(usual, anchorHeight(checkpoint));
    const headers = await headersDown(node.rpc, hash, height, lowest, params, signal);
    checkBranch(node.rpc, headers, this.#store, params);
    checkWorkAbove(node.rpc, checkpoint, headers);
    this.#addHeaders(headers);
    this.#changed();
  }

  /** Back-scans may begin below the index; each header there is proved by the one above it, so that a slice can be stored by itself. */
  async #lowerBase(node: Node, scan: Scan, signal: AbortSignal): Promise<void> {
    const { params, lowerHeaders = LOWER_HEADERS } = this.#options;
    for (
      let base = this.#store.base();
      base !== undefined && base.height > scan.nextHeight;
      base = this.#store.base()
    ) {
      const lowest = Math.max(scan.nextHeight, base.height - lowerHeaders);
      const headers = await headersDown(node.rpc, base.parent, base.height - 1, lowest, params, signal);
      checkBranch(node.rpc, headers, this.#store, params);
      this.#addHeaders(headers);
    }
  }

  #addHeaders(headers: readonly WalkedHeader[]): void {
    this.#store.atomically(() => {
      for (const { header, height } of headers) this.#store.addHeader(header, height);
    });
  }

  /** Replaces our blocks above the fork in one transaction, once every replacing block was fetched and checked. */
  async #reorganise(node: Node, walk: Walk, tip: StoredBlock, signal: AbortSignal): Promise<readonly WalkedHeader[]> {
    const needed = blocksToOvertake(walk, this.#store, tip);
    if (needed === undefined) throw behind(node.rpc, tip);
    const match = this.#watch.everything();
    const blocks: ConnectedBlock[] = [];
    for (const walked of walk.branch.slice(0, needed)) blocks.push(await this.#read(node, walked, match, signal));
    this.#connect(blocks);
    return walk.branch.slice(needed);
  }

  /** Puts the blocks in their place; ours from the first of them upwards make room, highest first. */
  #connect(blocks: readonly ConnectedBlock[]): void {
    const lowest = blocks[0]?.height ?? 0;
    let taken = 0;
    const gone = this.#store.atomically(() => {
      const lost: Outpoint[] = [];
      for (; (this.#store.tip()?.height ?? -1) >= lowest; taken++) lost.push(...this.#store.disconnectTip().gone);
      for (const block of blocks) this.#store.connect(block);
      // Whoever goes on in another chain was told to, or stays within the bound.
      if (taken > 0) this.#store.dropMeta('halted');
      return lost;
    });
    if (taken > 0) this.#options.rolledBack?.(taken);
    for (const { txid, vout } of gone) this.#watch.removeOutpoint(outpointBytes(txid, vout));
    for (const { txid, vout } of blocks.flatMap((block) => block.outputs)) {
      this.#watch.addOutpoint(outpointBytes(txid, vout));
    }
    this.#changed();
  }

  async #read(node: Node, walked: WalkedHeader, match: Matcher, signal: AbortSignal): Promise<ConnectedBlock> {
    const { outputs, spends } = await fetchBlock(node, walked.header.hash, match, signal);
    return { header: walked.header, height: walked.height, outputs, spends };
  }
}
