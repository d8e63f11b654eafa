import type { ChainAnchor } from '../../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { ChainEvent } from '../../../domain/ports/chain.ts';
import type { Changes } from './changes.ts';
import type { IndexStore } from './index-store.ts';

/**
 * Events by comparing the follower's own position with the index, not from a queue: a slow follower costs nothing,
 * and one that returns after days is told of every rollback since its cursor.
 */
export async function* followIndex(
  store: () => IndexStore,
  changes: Changes,
  cursor: ChainAnchor,
  signal: AbortSignal,
): AsyncGenerator<ChainEvent> {
  let at = cursor;
  while (!signal.aborted) {
    const seen = changes.version;
    const next = nextEvent(store(), at);
    if (next === undefined) {
      await changes.after(seen, signal);
      continue;
    }
    at = next.at;
    yield next.event;
  }
}

function nextEvent(store: IndexStore, at: ChainAnchor): { event: ChainEvent; at: ChainAnchor } | undefined {
  const tip = store.tip();
  if (tip === undefined) return undefined;
  if (store.heightOf(at.hash) === at.height) {
    const block = store.blockAt(at.height + 1);
    if (block === undefined) return undefined;
    const anchor = { hash: block.hash, height: block.height };
    const outputs = store.outputsIn(block.hash, tip.height);
    return { event: { kind: 'connect', block: anchor, outputs, spends: store.spendsIn(block.hash) }, at: anchor };
  }
  const stale = store.staleBlock(at.hash);
  if (stale === undefined || stale.height !== at.height) {
    throw new FirebreakFailure(
      'input.cursor',
      `block ${at.hash} at height ${at.height} is not in the index; start from the tip that status() reports`,
      { block: at.hash, height: at.height },
    );
  }
  return { event: { kind: 'rollback', block: at }, at: { hash: stale.parent, height: stale.height - 1 } };
}
