import { z } from 'zod';
import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { type BlockReading, readBlock } from './block-reader.ts';
import { type Header, type HeaderAt, headerFault, readHeader, workFault, workOf } from './header.ts';
import type { IndexStore, StoredBlock } from './index-store.ts';
import type { NetworkParams } from './network-params.ts';
import type { Node } from './nodes.ts';
import { callForResult, garbled, type NodeRpc } from './rpc.ts';
import type { Matcher } from './watch-list.ts';

export type WalkedHeader = { readonly header: Header; readonly height: number };

/** Where the node's best chain leaves ours, and its headers from there on, lowest first. */
export type Walk = { readonly fork: StoredBlock; readonly branch: readonly WalkedHeader[] };

/** Headers that one walk holds in memory, some 100 MB: four years of blocks. More is a node that invents them, or an outdated checkpoint. */
export const HEADERS_MAX = 200_000;
const BEST_ATTEMPTS = 5;

const hashText = z.string().regex(/^[0-9a-f]{64}$/);
const bytesText = z.string().regex(/^([0-9a-f]{2})+$/);

export const lie = (node: NodeRpc, block: string, fault: string): FirebreakFailure =>
  new FirebreakFailure(
    'policy.node-lies',
    `block ${block} from Bitcoin node ${node.name} ${fault}; it was not used, check that node`,
    { node: node.name, block },
  );

export async function bestHash(node: NodeRpc, signal: AbortSignal): Promise<string> {
  const parsed = hashText.safeParse(await callForResult(node, 'getbestblockhash', [], signal));
  if (!parsed.success) throw garbled(node.name, 'getbestblockhash', 'is not a block hash');
  return parsed.data;
}

/** A header by its hash; what the node sends is hashed here, so it cannot be another one. */
export async function headerByHash(node: NodeRpc, hash: string, signal: AbortSignal): Promise<Header> {
  const parsed = bytesText.safeParse(await callForResult(node, 'getblockheader', [hash, false], signal));
  const header = parsed.success ? readHeader(Buffer.from(parsed.data, 'hex')) : undefined;
  if (header === undefined) throw garbled(node.name, 'getblockheader', 'is not a header');
  if (header.hash !== hash) throw lie(node, hash, 'has a header with another hash');
  return header;
}

/** Each header shows its work before the next one is asked for, so that a long walk costs whoever invents it more than us. */
async function workedHeader(node: NodeRpc, hash: string, params: NetworkParams, signal: AbortSignal): Promise<Header> {
  const header = await headerByHash(node, hash, signal);
  const fault = workFault(header, params);
  if (fault !== undefined) throw lie(node, hash, fault);
  return header;
}

/**
 * The best block with the height that the node claims for it. A block that stops being the best one between the two questions has no
 * height for btcd; that is a reorganisation and not a fault, so the question is put again.
 */
export async function bestBlock(node: NodeRpc, signal: AbortSignal): Promise<ChainAnchor> {
  let hash = await bestHash(node, signal);
  for (let attempt = 0; attempt < BEST_ATTEMPTS; attempt++) {
    const answer = await node.call('getblockheader', [hash, true], signal);
    if (answer.ok) {
      const parsed = z.object({ height: z.number().int().nonnegative() }).safeParse(answer.result);
      if (!parsed.success) throw garbled(node.name, 'getblockheader', 'has no height');
      return { hash, height: parsed.data.height };
    }
    const next = await bestHash(node, signal);
    if (next === hash) break;
    hash = next;
  }
  const details = { node: node.name, block: hash };
  throw new FirebreakFailure(
    'unavailable.node-refused',
    `Bitcoin node ${node.name} does not know its own best block`,
    details,
  );
}

/**
 * Follows parent hashes from `best` until a stored hash. Throws `policy.reorg-too-deep` when a branch with more work leaves ours more
 * than `depthMax` below our tip: the bound is an alarm, never taken for the common ancestor. A lesser branch is `unavailable.node-behind`.
 * With `accepted` it is the other way round: the chain must have that block above the bound or above where it leaves ours, which may be anywhere
 * in the index.
 */
export async function walkTo(
  node: NodeRpc,
  best: ChainAnchor,
  store: IndexStore,
  tip: StoredBlock,
  depthMax: number,
  params: NetworkParams,
  signal: AbortSignal,
  accepted?: ChainAnchor,
): Promise<Walk> {
  const bound = tip.height - depthMax;
  const lowest = accepted === undefined ? bound : (store.base()?.height ?? 0);
  const down: Header[] = [];
  let { hash } = best;
  for (let steps = 0; steps <= HEADERS_MAX; steps++) {
    const height = store.heightOf(hash);
    if (height !== undefined && (height >= lowest || steps === 0)) {
      if (accepted !== undefined && !hasBlock(accepted, height, down, bound, store)) break;
      return arranged(node, best, { hash, height, parent: '' }, down);
    }
    if (height !== undefined || best.height - steps <= lowest) break;
    const header = await workedHeader(node, hash, params, signal);
    down.push(header);
    hash = header.parent;
  }
  if (down.length > HEADERS_MAX) throw lie(node, best.hash, `stands on more than ${HEADERS_MAX} headers`);
  throw accepted === undefined ? beyondBound(node, down, store, tip, depthMax) : withoutBlock(node, accepted, tip);
}

/**
 * Among the headers that leave ours at `forkHeight`, or in what is ours above the bound: further down both chains of a too deep reorganisation
 * have the same blocks, and to name one says nothing about which of them is right.
 */
const hasBlock = (
  { hash, height }: ChainAnchor,
  forkHeight: number,
  down: readonly Header[],
  bound: number,
  store: IndexStore,
): boolean =>
  height > forkHeight ? down.at(forkHeight - height)?.hash === hash : height > bound && store.heightOf(hash) === height;

const withoutBlock = (node: NodeRpc, { hash, height }: ChainAnchor, tip: StoredBlock): FirebreakFailure =>
  new FirebreakFailure(
    'policy.reorg-too-deep',
    `the best chain of Bitcoin node ${node.name} has not the block ${hash} at ${height} that the lift of the committee names, has it together with ` +
      `ours, or leaves ours below the index; nothing was rolled back from our tip at ${tip.height}. Name a newer block that only the right chain has`,
    { node: node.name, tip: tip.hash, tipHeight: tip.height, block: hash },
  );

function arranged(node: NodeRpc, best: ChainAnchor, fork: StoredBlock, down: Header[]): Walk {
  if (fork.height + down.length !== best.height) {
    throw lie(node, best.hash, `claims height ${best.height}, its parents give another`);
  }
  const branch = down.reverse().map((header, index) => ({ header, height: fork.height + 1 + index }));
  return { fork, branch };
}

/** Compares the work above the bound: an old or cut-off node must not be able to raise the alarm that stops payouts. */
function beyondBound(node: NodeRpc, down: readonly Header[], store: IndexStore, tip: StoredBlock, depthMax: number) {
  const theirs = down.reduce((sum, header) => sum + workOf(header), 0n);
  if (theirs <= workAbove(store, tip.height - depthMax, tip.height)) return behind(node, tip);
  return new FirebreakFailure(
    'policy.reorg-too-deep',
    `Bitcoin node ${node.name} follows a branch that leaves ours more than ${depthMax} blocks below our tip at ${tip.height}; ` +
      'nothing was rolled back. Compare with other operators; payouts go on after a lift of the committee that names a block of the right chain',
    { node: node.name, tip: tip.hash, tipHeight: tip.height, depthMax },
  );
}

export const behind = (node: NodeRpc, tip: StoredBlock): FirebreakFailure =>
  new FirebreakFailure(
    'unavailable.node-behind',
    `the best chain of Bitcoin node ${node.name} has not more work than ours up to height ${tip.height}; wait until it catches up`,
    { node: node.name, tip: tip.hash, tipHeight: tip.height },
  );

function workAbove(store: IndexStore, height: number, tipHeight: number): bigint {
  let work = 0n;
  for (let at = Math.max(0, height + 1); at <= tipHeight; at++) {
    const header = store.headerAt(at);
    if (header !== undefined) work += workOf(header);
  }
  return work;
}

/** Headers' work and difficulty, each against those below it; throws `policy.node-lies`. */
export function checkBranch(
  node: NodeRpc,
  branch: readonly WalkedHeader[],
  store: IndexStore,
  params: NetworkParams,
): void {
  const first = branch[0]?.height ?? 0;
  const headerAt: HeaderAt = (height) => (height < first ? store.headerAt(height) : branch[height - first]?.header);
  for (const { header, height } of branch) {
    const fault = headerFault(header, height, headerAt, params);
    if (fault !== undefined) throw lie(node, header.hash, fault);
    if (height === 0 && !params.genesisHashes.includes(header.hash))
      throw lie(node, header.hash, 'is not a known block 0');
  }
}

/** How many blocks of the branch it takes to have more work than what it replaces; undefined when all of it has not. */
export function blocksToOvertake(walk: Walk, store: IndexStore, tip: StoredBlock): number | undefined {
  const replaced = workAbove(store, walk.fork.height, tip.height);
  let work = 0n;
  for (const [index, { header }] of walk.branch.entries()) {
    work += workOf(header);
    if (work > replaced) return index + 1;
  }
  return undefined;
}

/** Headers from `hash` at `height` down to `lowest`, lowest first. */
export async function headersDown(
  node: NodeRpc,
  hash: string,
  height: number,
  lowest: number,
  params: NetworkParams,
  signal: AbortSignal,
): Promise<WalkedHeader[]> {
  if (height - lowest > HEADERS_MAX) {
    throw lie(
      node,
      hash,
      `claims a height of ${height}, more than ${HEADERS_MAX} above the first header that is needed`,
    );
  }
  const down: WalkedHeader[] = [];
  let next = hash;
  for (let at = height; at >= lowest; at--) {
    const header = await workedHeader(node, next, params, signal);
    down.push({ header, height: at });
    next = header.parent;
  }
  return down.reverse();
}

/** The block of a header that was checked already. Throws `policy.node-lies`, or `policy.node-pruned` when it is gone. */
export async function fetchBlock(
  node: Node,
  hash: string,
  match: Matcher,
  signal: AbortSignal,
): Promise<Extract<BlockReading, { ok: true }>> {
  const answer = await node.rpc.call('getblock', [hash, 0], signal);
  if (!answer.ok) throw refused(node, hash, answer.message);
  if (typeof answer.result !== 'string') throw garbled(node.rpc.name, 'getblock', 'is not the bytes of a block');
  const bytes = Buffer.from(answer.result, 'hex');
  if (bytes.length * 2 !== answer.result.length)
    throw garbled(node.rpc.name, 'getblock', 'is cut off or not hexadecimal');
  const reading = readBlock(bytes, match);
  if (!reading.ok) throw lie(node.rpc, hash, reading.fault);
  if (reading.header.hash !== hash) throw lie(node.rpc, hash, 'is another block than the one asked for');
  return reading;
}

/** Texts of nodes differ; whether the node prunes at all is what decides. */
function refused(node: Node, hash: string, message: string): FirebreakFailure {
  const details = { node: node.rpc.name, block: hash };
  return node.facts.pruned
    ? new FirebreakFailure(
        'policy.node-pruned',
        `Bitcoin node ${node.rpc.name} has pruned block ${hash}, which the index needs; use a node that keeps it`,
        details,
      )
    : new FirebreakFailure(
        'unavailable.node-refused',
        `Bitcoin node ${node.rpc.name} did not give block ${hash}: ${message}`,
        details,
      );
}
