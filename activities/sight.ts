import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ReadContext } from '../domain/ports/context.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** How long a worker that has lost sight of the chain keeps a watch to itself: a node that restarts is back before. */
const BLIND_MS_MAX = 5_000;
/** As long for one that sees, and is behind the one that looked before. */
const BEHIND_MS_MAX = 5_000;
/** A chain that is still lower after so long is the truth: a branch of more work can have fewer blocks, seldom, and not for long. */
const LOWER_MS = 600_000;

/**
 * Whether the own chain view may be looked at now. A watch takes up to an hour, and a worker whose Bitcoin node is down sees
 * nothing in it: after a while it throws `not-yet.chain-syncing`, so that the next attempt may be another worker's. The time counts
 * over attempts, because the same worker may get the next one too.
 */
export function sightOf(deps: Pick<ActivityDependencies, 'chain' | 'clock'>): () => boolean {
  let blindSinceMs: number | undefined;
  return () => {
    const { synced, trouble } = deps.chain.view.status();
    if (synced) {
      blindSinceMs = undefined;
      return true;
    }
    blindSinceMs ??= deps.clock();
    if (deps.clock() - blindSinceMs < BLIND_MS_MAX) return false;
    const why = trouble === undefined ? '' : ` (${trouble.code})`;
    throw new FirebreakFailure('not-yet.chain-syncing', `the chain view of this worker is not at its tip${why}`);
  };
}

/**
 * Whether the own chain view has come as far as the one that was looked at before, perhaps another worker's: what a view that is still
 * behind has not read yet did not vanish. After a while it throws `not-yet.chain-syncing`, so that the next attempt may be another worker's;
 * as in `sightOf` the time counts over attempts. When the chain stays lower, it is believed.
 */
export function caughtUpOf(deps: Pick<ActivityDependencies, 'chain' | 'clock'>): (sinceHeight?: number) => boolean {
  /** A height that is not reached → since when. */
  const behind = new Map<number, number>();
  return (sinceHeight = 0) => {
    const { height } = deps.chain.view.status().tip;
    for (const each of behind.keys()) if (each <= height) behind.delete(each);
    if (height >= sinceHeight) return true;
    const sinceMs = behind.get(sinceHeight) ?? deps.clock();
    behind.set(sinceHeight, sinceMs);
    const waitedMs = deps.clock() - sinceMs;
    if (waitedMs < BEHIND_MS_MAX) return false;
    if (waitedMs >= LOWER_MS) return true;
    throw new FirebreakFailure(
      'not-yet.chain-syncing',
      `the chain view of this worker is at block ${height}; what is watched was looked at from block ${sinceHeight}`,
    );
  };
}

/** How long a search is waited for before the sight is looked at. */
const SEARCH_MS = 1_000;

/**
 * As `ChainView.watch`, given up like any watch when this worker is blind: a search goes on only while blocks can be read, so
 * it would hold its process back for as long as the attempt may take, with another worker at hand that sees.
 */
export async function watchInSight(
  deps: Pick<ActivityDependencies, 'chain' | 'clock'>,
  sees: () => boolean,
  scripts: readonly string[],
  fromHeight: number,
  { signal, deadlineMs }: ReadContext,
): Promise<void> {
  for (;;) {
    const slice = { signal, deadlineMs: Math.min(deadlineMs, deps.clock() + SEARCH_MS) };
    try {
      return await deps.chain.view.watch(scripts, fromHeight, slice);
    } catch (error) {
      const unfinished = error instanceof FirebreakFailure && error.code === 'not-yet.back-scan';
      if (!unfinished || signal.aborted || deps.clock() >= deadlineMs) throw error;
    }
    sees();
  }
}
