import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { type Header, RETARGET_BLOCKS, workOf } from './header.ts';
import type { Checkpoint } from './network-params.ts';
import type { NodeRpc } from './rpc.ts';
import { HEADERS_MAX } from './walk.ts';

type Placed = { readonly header: Pick<Header, 'hash' | 'bits'>; readonly height: number };

/** An index reaches down to here: from the start of the checkpoint's period on, every adjustment can be recomputed. */
export const anchorHeight = ({ height }: Checkpoint): number => height - (height % RETARGET_BLOCKS);

/**
 * Before headers are fetched: throws `unavailable.node-behind` when the tip is below the checkpoint, and `policy.checkpoint-old` when so far
 * above it that an index does not begin there.
 */
export function checkHeight(node: NodeRpc, checkpoint: Checkpoint | undefined, tipHeight: number): void {
  if (checkpoint === undefined) return;
  if (tipHeight < checkpoint.height) throw tooShort(node, checkpoint, tipHeight);
  if (tipHeight - anchorHeight(checkpoint) > HEADERS_MAX) throw tooOld(node, checkpoint, tipHeight);
}

/** Headers of an empty index, lowest first and down to the checkpoint; throws `unavailable.node-behind` when too little work is above it. */
export function checkWorkAbove(node: NodeRpc, checkpoint: Checkpoint | undefined, headers: readonly Placed[]): void {
  if (checkpoint === undefined) return;
  const first = headers[0]?.height ?? 0;
  const anchor = headers[checkpoint.height - first];
  const above = headers.slice(checkpoint.height - first + 1).reduce((sum, { header }) => sum + workOf(header), 0n);
  if (anchor === undefined || above < workOf(anchor.header) * BigInt(checkpoint.blocksAboveMin)) {
    throw tooShort(node, checkpoint, first + headers.length - 1);
  }
}

const tooShort = (node: NodeRpc, { height, hash }: Checkpoint, tipHeight: number): FirebreakFailure =>
  new FirebreakFailure(
    'unavailable.node-behind',
    `the chain of Bitcoin node ${node.name} ends at height ${tipHeight}, with less work above block ${height} (${hash}) than this network is ` +
      'known to have; wait until the node has downloaded it, or ask another one',
    { node: node.name, tipHeight, checkpointHeight: height },
  );

const tooOld = (node: NodeRpc, { height }: Checkpoint, tipHeight: number): FirebreakFailure =>
  new FirebreakFailure(
    'policy.checkpoint-old',
    `this build is too old to begin a chain index: the newest block that it was built with has height ${height}, and Bitcoin node ${node.name} is at ` +
      `${tipHeight}, more than ${HEADERS_MAX} above it. Install a newer build; an index that exists already goes on`,
    { node: node.name, tipHeight, checkpointHeight: height },
  );
