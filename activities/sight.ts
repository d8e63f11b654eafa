import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** How long a worker that has lost sight of the chain keeps a watch to itself: a node that restarts is back before. */
const BLIND_MS_MAX = 5_000;

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
