import { sign } from 'node:crypto';
import { type Committee, committeeDigest, type MemberSignature } from '../../../domain/committee/committee.ts';
import { type CommitteeEpoch, epochDigest, type SignedEpoch } from '../../../domain/committee/epoch.ts';
import {
  type BreakGlass,
  type Grant,
  grantDigest,
  type SignedGrant,
  type StandingOrder,
} from '../../../domain/committee/grant.ts';
import { type GrantUse, grantUseDigest, type SignedGrantUse } from '../../../domain/committee/grant-use.ts';
import { type Digest, sha256Hex } from '../../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import type { HostKey, TestNetwork } from './network.ts';

/** A committee of a test, with the keys that nobody else has. */
export type Seated = { readonly committee: Committee; readonly keys: readonly HostKey[] };

export const PLAN: Digest = sha256Hex(Buffer.from('the plan of a test'));

export const pinnedCommittee = ({ genesis, committee }: TestNetwork): Seated => ({
  committee: genesis.committee,
  keys: committee,
});

export const signaturesOf = (keys: readonly HostKey[], digest: Digest): MemberSignature[] =>
  keys.map(({ key, identity }) => ({
    member: identity,
    signature: toHex(sign(null, fromHex(digest, 'digest', 32), key)),
  }));

/** The committee of these keys as it would follow `before`, with the same quorums. */
export const nextCommittee = (before: Seated, keys: readonly HostKey[]): Seated => ({
  committee: {
    ...before.committee,
    epoch: before.committee.epoch + 1,
    members: keys.map(({ identity }, at) => ({ name: `member ${at + 1}`, key: identity })),
  },
  keys,
});

/** The hand-over from one to the other, signed by everybody of both unless `signers` says who. */
export function signEpoch(
  { genesis }: TestNetwork,
  before: Seated,
  after: Seated,
  altered: Partial<CommitteeEpoch> = {},
  signers: readonly HostKey[] = [...new Set([...before.keys, ...after.keys])],
): SignedEpoch {
  const epoch: CommitteeEpoch = {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    previous: committeeDigest(before.committee),
    committee: after.committee,
    reason: 'a test',
    ...altered,
  };
  return { epoch, signatures: signaturesOf(signers, epochDigest(epoch)) };
}

type Limits = Grant['limits'];
type Granted = { readonly number?: number; readonly limits?: Partial<Limits>; readonly signers?: readonly HostKey[] };

const bodyOf = ({ genesis }: TestNetwork, { committee }: Seated, nowSeconds: number, granted: Granted) =>
  ({
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    committeeEpoch: committee.epoch,
    committee: committeeDigest(committee),
    number: granted.number ?? 1,
    class: 'freeze',
    scope: 'payouts',
    limits: {
      usesMax: 2,
      freezeSecondsMax: 3_600,
      validFromSeconds: nowSeconds - 60,
      validUntilSeconds: nowSeconds + 30 * 86_400,
      ...granted.limits,
    },
    reason: 'a test',
  }) as const;

const signedGrant = (grant: Grant, signers: readonly HostKey[]): SignedGrant => ({
  grant,
  signatures: signaturesOf(signers, grantDigest(grant)),
});

/** Runs of `PLAN` may freeze, signed by the whole committee unless `signers` says by whom. */
export function standingOrder(
  network: TestNetwork,
  nowSeconds: number,
  granted: Granted & { readonly by?: Seated; readonly change?: Partial<StandingOrder> } = {},
): SignedGrant {
  const by = granted.by ?? pinnedCommittee(network);
  const grant: StandingOrder = {
    ...bodyOf(network, by, nowSeconds, granted),
    kind: 'standing-order',
    playbook: PLAN,
    ...granted.change,
  };
  return signedGrant(grant, granted.signers ?? by.keys);
}

/** One of the first two members may freeze alone. */
export function breakGlass(network: TestNetwork, nowSeconds: number, granted: Granted = {}): SignedGrant {
  const by = pinnedCommittee(network);
  const grant: BreakGlass = {
    ...bodyOf(network, by, nowSeconds, granted),
    kind: 'break-glass',
    holders: by.keys.slice(0, 2).map(({ identity }) => identity),
    holdersNeeded: 1,
    reviewSeconds: 86_400,
  };
  return signedGrant(grant, granted.signers ?? by.keys);
}

export function useOf(
  { grant }: SignedGrant,
  nowSeconds: number,
  change: Partial<GrantUse> = {},
  holders: readonly HostKey[] = [],
): SignedGrantUse {
  const use: GrantUse = {
    version: 1,
    grant: grantDigest(grant),
    ...(grant.kind === 'standing-order' ? { playbook: grant.playbook } : {}),
    run: 'runPlaybook/test/1/first',
    step: 'freeze',
    afterOrder: 0,
    startedAtSeconds: nowSeconds,
    freezeSeconds: 600,
    ...change,
  };
  return { use, signatures: signaturesOf(holders, grantUseDigest(use)) };
}
