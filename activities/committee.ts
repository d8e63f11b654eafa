import type { Authority } from '../domain/committee/committee.ts';
import type { SignedEpoch } from '../domain/committee/epoch.ts';
import { attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { authorityOf } from './playbook/performing.ts';
import { requireNetwork } from './playbook/shape.ts';

export const createCommitteeActivities = (deps: ActivityDependencies) => ({
  /** Who speaks for the network now, from the committee that this worker has pinned. Throws the codes of `walkEpochs`. */
  committeeNow: (input: {
    readonly network: string;
    readonly epochs: readonly SignedEpoch[];
  }): Promise<Omit<Authority, 'former'> & { readonly former: readonly string[] }> =>
    attempt(deps, 'committeeNow', async () => {
      requireNetwork(deps, input.network);
      const { former, ...authority } = authorityOf(deps, input.epochs);
      return { ...authority, former: [...former] };
    }),
});
