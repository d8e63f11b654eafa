import type { Authority } from '../domain/committee/committee.ts';
import type { SignedEpoch } from '../domain/committee/epoch.ts';
import { attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { committeeFollowed } from './playbook/committees.ts';
import { requireNetwork } from './playbook/shape.ts';

/** As a workflow keeps it; `later`: hand-overs behind those that were given. */
export type CommitteeNow = Omit<Authority, 'former'> & {
  readonly former: readonly string[];
  readonly later?: readonly SignedEpoch[];
};

export const createCommitteeActivities = (deps: ActivityDependencies) => ({
  /**
   * Who speaks for the network now: from the committee that this worker has pinned, through the epochs that are given, to the one that
   * validators follow. Throws the codes of `walkEpochs`.
   */
  committeeNow: (input: { readonly network: string; readonly epochs: readonly SignedEpoch[] }): Promise<CommitteeNow> =>
    attempt(deps, 'committeeNow', async (now) => {
      requireNetwork(deps, input.network);
      const { authority, later } = await committeeFollowed(deps, now, input.epochs);
      const { former, ...present } = authority;
      return { ...present, former: [...former], ...(later.length === 0 ? {} : { later }) };
    }),
});
