import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import type { ChainEvent, ChainStatus, ChainView, NodeStanding } from '../../../domain/ports/chain.ts';
import type { PortHealth, ReadContext } from '../../../domain/ports/context.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import { Changes } from './changes.ts';
import { followIndex } from './follow.ts';
import { sqliteCode } from './index-file.ts';
import { IndexOwner } from './index-owner.ts';
import type { ChainLogger } from './logger.ts';
import type { Node, NodePool } from './nodes.ts';
import type { ScannerOptions } from './scanner.ts';
import { TipComparison } from './tips.ts';

export type ViewOptions = ScannerOptions & {
  readonly indexFile: string;
  readonly pollIntervalMs: number;
  readonly disagreementMs: number;
  readonly nodes: NodePool;
  readonly nodeCount: number;
  readonly logger: ChainLogger;
};

/** A script longer than any standard one is a mistake; consensus ends at 10,000 bytes. */
const SCRIPT_BYTES_MAX = 10_000;
const SCRIPTS_PER_CALL_MAX = 1_000_000;
const TOO_DEEP = 'policy.reorg-too-deep';

/** Polls, scans and answers from the index. One loop, so that a walk never meets another. */
export class BitcoinView implements ChainView {
  readonly #options: ViewOptions;
  readonly #index: IndexOwner;
  readonly #changes = new Changes();
  readonly #wake = new Changes();
  readonly #tips: TipComparison;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #synced = false;
  #rolledBackBlocks = 0;
  /** The block that the chain must have to be followed beyond the bound; asked for again by whoever named it, so nowhere on disk. */
  #accepted: ChainAnchor | undefined;
  #trouble: FirebreakFailure | undefined = new FirebreakFailure(
    'not-yet.chain-view',
    'the chain view has not seen a block yet',
  );

  constructor(options: ViewOptions) {
    this.#options = options;
    const rolledBack = (blocks: number): void => void (this.#rolledBackBlocks += blocks);
    const scanning = { ...options, rolledBack };
    this.#index = new IndexOwner(options.indexFile, scanning, options.logger, () => this.#changes.announce());
    this.#tips = new TipComparison(options.disagreementMs, options.params, {
      tip: () => this.#index.store.tip(),
      heightOf: (hash) => this.#index.store.heightOf(hash),
    });
  }

  /** Opens the index and looks at the node once; a node that is down is trouble in `status()`, not a failed start. */
  async start(signal: AbortSignal): Promise<void> {
    this.#index.open();
    const seen = this.#wake.version;
    await this.#step(AbortSignal.any([signal, this.#stopping.signal]));
    this.#loop = this.#run(seen);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    this.#changes.announce();
    this.#index.close();
  }

  async health(): Promise<PortHealth> {
    const { synced, trouble } = this.status();
    if (trouble === undefined)
      return { state: synced ? 'ok' : 'degraded', ...(synced ? {} : { reason: 'not synced yet' }) };
    return { state: synced ? 'degraded' : 'down', reason: `${trouble.code}: ${trouble.message}` };
  }

  describe(): Readonly<Record<string, string>> {
    const { tip, synced } = this.status();
    const node = this.#options.nodes.inUse ?? 'none';
    return { network: this.#options.params.network, node, tip: `${tip.height} ${tip.hash}`, synced: String(synced) };
  }

  status(): ChainStatus {
    const trouble = this.#trouble ?? this.#options.nodes.disgraced() ?? this.#tips.trouble();
    return {
      tip: this.#anchor(),
      synced: this.#synced,
      silentSeconds: this.#options.nodes.silentSeconds,
      ...(trouble === undefined ? {} : { trouble: { code: trouble.code, message: trouble.message } }),
      ...(this.#options.nodeCount > 1 ? { nodes: this.#standings() } : {}),
      ...(this.#rolledBackBlocks > 0 ? { rolledBackBlocks: this.#rolledBackBlocks } : {}),
    };
  }

  #standings(): NodeStanding[] {
    const { nodes } = this.#options;
    return nodes.everyone().map(({ rpc: { name }, failure }) => {
      const found = this.#tips.of(name);
      const apart = this.#tips.isApart(name) ? 'unavailable.nodes-disagree' : undefined;
      const code = failure?.code ?? found?.failure?.code ?? apart;
      return {
        name,
        isInUse: name === nodes.inUse,
        ...(found?.height === undefined ? {} : { tipHeight: found.height }),
        says: failure?.message ?? found?.failure?.message ?? found?.says ?? 'has not been asked yet',
        ...(code === undefined ? {} : { code }),
      };
    });
  }

  /**
   * Resolves when the blocks from `fromHeight` to the tip have been searched. Until then the scripts show no outputs at all: half an answer
   * could hide a spend. Past the deadline it is `not-yet.back-scan`, and the search goes on.
   */
  async watch(scripts: readonly string[], fromHeight: number, context: ReadContext): Promise<void> {
    checkWatch(scripts, fromHeight);
    let scans = this.#index.scanner.addScripts(scripts, fromHeight);
    let { store } = this.#index;
    this.#wake.announce();
    const signal = AbortSignal.any([context.signal, this.#stopping.signal]);
    for (;;) {
      const seen = this.#changes.version;
      if (store !== this.#index.store) {
        // The index was rebuilt meanwhile: its back-scans have other numbers.
        store = this.#index.store;
        scans = store.scansOf(scripts);
      }
      const searched = store;
      if (scans.every((scan) => searched.isScanComplete(scan))) return;
      const leftMs = context.deadlineMs - Date.now();
      if (signal.aborted || leftMs <= 0) throw notSearched(scripts.length, fromHeight, this.#trouble);
      await this.#changes.after(seen, signal, leftMs);
    }
  }

  outputs(script: string): ReturnType<ChainView['outputs']> {
    const anchor = this.#anchor();
    const store = this.#index.store;
    return { anchor, outputs: store.isVisible(script) ? store.outputsOf(script, anchor.height) : [] };
  }

  output(outpoint: Outpoint): ReturnType<ChainView['output']> {
    const anchor = this.#anchor();
    const found = this.#index.store.outputAt(outpoint, anchor.height);
    return { anchor, output: found !== undefined && this.#index.store.isVisible(found.script) ? found : undefined };
  }

  isCanonical(block: ChainAnchor): boolean {
    return this.#index.store.heightOf(block.hash) === block.height;
  }

  acceptBranch({ hash, height }: ChainAnchor): void {
    if (this.#trouble?.code !== TOO_DEEP) return;
    this.#accepted = { hash, height };
    this.#wake.announce();
  }

  follow(cursor: ChainAnchor, signal: AbortSignal): AsyncIterable<ChainEvent> {
    return followIndex(
      () => this.#index.store,
      this.#changes,
      cursor,
      AbortSignal.any([signal, this.#stopping.signal]),
    );
  }

  /** Whether a canonical block has this spender of a watched output; for the broadcaster. */
  hasSpender(txid: string): boolean {
    return this.#index.isOpen && this.#index.store.hasSpender(txid);
  }

  #anchor(): ChainAnchor {
    const tip = this.#index.isOpen ? this.#index.store.tip() : undefined;
    return tip === undefined
      ? { hash: this.#options.params.genesisHashes[0] ?? '', height: 0 }
      : { hash: tip.hash, height: tip.height };
  }

  async #run(seenAtStart: number): Promise<void> {
    const { signal } = this.#stopping;
    let seen = seenAtStart;
    while (!signal.aborted) {
      await this.#wake.after(seen, signal, this.#options.pollIntervalMs);
      // Noted before the step: what is added during it is looked at right after it.
      seen = this.#wake.version;
      if (!signal.aborted) await this.#step(signal);
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    try {
      this.#checkHalted();
      const node = await this.#walkWithAnyNode(signal);
      this.#compare(signal);
      this.#settle(node.facts.syncing ? syncing(node) : undefined, !node.facts.syncing);
    } catch (cause) {
      if (signal.aborted) return;
      this.#settle(this.#failureOf(cause), false);
      // Also now: that the other node is well is what an operator wants to know.
      this.#compare(signal);
    }
  }

  /** Nodes that the walk has found to lie are not believed here either. */
  #compare(signal: AbortSignal): void {
    if (this.#index.isOpen) void this.#tips.ask(this.#options.nodes.all(), signal);
  }

  /** The first fit node does the whole walk; when it fails, the next one starts it again. */
  async #walkWithAnyNode(signal: AbortSignal): Promise<Node> {
    let last: unknown;
    for (let attempt = 0; attempt < this.#options.nodeCount; attempt++) {
      const node = await this.#options.nodes.pick(signal);
      try {
        await this.#walk(node, signal);
        this.#options.nodes.praise(node.rpc);
        return node;
      } catch (cause) {
        signal.throwIfAborted();
        // With a block to look for, another node may be on the chain that has it.
        const isAlarm = isTooDeep(cause) && this.#accepted === undefined;
        if (sqliteCode(cause) !== undefined || isAlarm) throw cause;
        this.#options.nodes.blame(node.rpc, cause);
        last = cause;
      }
    }
    throw last;
  }

  async #walk(node: Node, signal: AbortSignal): Promise<void> {
    const { scanner, store } = this.#index;
    const accepted = this.#accepted;
    try {
      await scanner.follow(node, signal, accepted);
    } finally {
      if (accepted !== undefined && store.meta('halted') === undefined) {
        this.#accepted = undefined;
        this.#options.logger.info({ ...accepted }, 'follows the chain that has this block, as it was told to');
      }
    }
    while (await scanner.backScan(node, signal)) {
      this.#changes.announce();
      await scanner.follow(node, signal);
    }
  }

  /** An alarm that nobody has ended is the trouble, whatever else is wrong while the block is looked for that was named. */
  #failureOf(cause: unknown): FirebreakFailure {
    try {
      if (isTooDeep(cause)) this.#index.store.setMeta('halted', cause.message);
      const failure = cause instanceof FirebreakFailure ? cause : this.#index.mend(cause);
      const alarm = this.#index.isOpen ? this.#index.store.meta('halted') : undefined;
      if (alarm === undefined || isTooDeep(failure)) return failure;
      return new FirebreakFailure(TOO_DEEP, `${alarm} Now: ${failure.code}: ${failure.message}`, failure.details);
    } catch (second) {
      return second instanceof FirebreakFailure
        ? second
        : new FirebreakFailure('unavailable.index', 'the chain index failed', {}, { cause: second });
    }
  }

  /** The alarm survives a restart: who has authority ends it by naming a block, or a person removes the index. */
  #checkHalted(): void {
    const message = this.#index.store.meta('halted');
    if (message !== undefined && this.#accepted === undefined) throw new FirebreakFailure(TOO_DEEP, message);
  }

  #settle(trouble: FirebreakFailure | undefined, synced: boolean): void {
    const { logger } = this.#options;
    if (trouble !== undefined && trouble.code !== this.#trouble?.code) {
      logger.warn({ code: trouble.code, ...trouble.details }, trouble.message);
    }
    if (trouble === undefined && this.#trouble !== undefined)
      logger.info({ node: this.#options.nodes.inUse }, 'the chain view is synced');
    this.#trouble = trouble;
    this.#synced = synced;
    this.#changes.announce();
  }
}

const isTooDeep = (cause: unknown): cause is FirebreakFailure =>
  cause instanceof FirebreakFailure && cause.code === TOO_DEEP;

const syncing = (node: Node): FirebreakFailure =>
  new FirebreakFailure('unavailable.node-syncing', `Bitcoin node ${node.rpc.name} is still downloading blocks; wait`, {
    node: node.rpc.name,
  });

function checkWatch(scripts: readonly string[], fromHeight: number): void {
  if (scripts.length > SCRIPTS_PER_CALL_MAX) {
    throw new FirebreakFailure(
      'input.script',
      `${scripts.length} scripts in one call; at most ${SCRIPTS_PER_CALL_MAX}`,
    );
  }
  if (!Number.isSafeInteger(fromHeight) || fromHeight < 0) {
    throw new FirebreakFailure('input.script', `scripts cannot be watched from height ${fromHeight}`);
  }
  for (const script of scripts) {
    const { length } = fromHex(script, 'watched script');
    if (length === 0 || length > SCRIPT_BYTES_MAX) {
      throw new FirebreakFailure(
        'input.script',
        `a watched script has ${length} bytes; 1 to ${SCRIPT_BYTES_MAX} are possible`,
      );
    }
  }
}

function notSearched(count: number, fromHeight: number, trouble: FirebreakFailure | undefined): FirebreakFailure {
  const because = trouble === undefined ? '' : ` (${trouble.code}: ${trouble.message})`;
  return new FirebreakFailure(
    'not-yet.back-scan',
    `${count} scripts are watched, but the blocks from height ${fromHeight} have not all been searched yet${because}; ask again`,
    { fromHeight },
    { cause: trouble },
  );
}
