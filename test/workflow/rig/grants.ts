import { committeeDigest } from '../../../domain/committee/committee.ts';
import { grantDigest, type SignedGrant, type StandingOrder } from '../../../domain/committee/grant.ts';
import { principal, signaturesBy } from '../../../domain/committee/testkit/keys.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import type { TestWorld } from './world.ts';

type Change = {
  readonly number?: number;
  readonly limits?: Partial<StandingOrder['limits']>;
  readonly committee?: TestWorld['deps']['genesis']['committee'];
};

/** Signed by the freeze quorum for the runs of one plan: three uses of an hour each, unless it says something else. */
export function standingOrderOf(
  { deps: { genesis } }: Pick<TestWorld, 'deps'>,
  playbook: Digest,
  { number = 1, limits = {}, committee = genesis.committee }: Change = {},
): SignedGrant {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const grant: StandingOrder = {
    version: 1,
    kind: 'standing-order',
    environment: genesis.environment,
    network: genesis.name,
    committeeEpoch: committee.epoch,
    committee: committeeDigest(committee),
    number,
    class: 'freeze',
    scope: 'payouts',
    playbook,
    limits: {
      usesMax: 3,
      freezeSecondsMax: 3_600,
      validFromSeconds: nowSeconds - 60,
      validUntilSeconds: nowSeconds + 86_400,
      ...limits,
    },
    reason: 'of a test',
  };
  return { grant, signatures: signaturesBy([1, 3, 4].map(principal), grantDigest(grant)) };
}
