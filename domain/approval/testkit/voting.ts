import { type Authority, committeeDigest } from '../../committee/committee.ts';
import { type CommitteeEpoch, epochDigest, type SignedEpoch, walkEpochs } from '../../committee/epoch.ts';
import { committeeOf, principal, signaturesBy, type TestKey } from '../../committee/testkit/keys.ts';
import { type Digest, documentDigest, TAGS } from '../../encoding/digest.ts';
import { failureOf } from '../../errors/failure.ts';
import { type NetworkGenesis, validatorId } from '../../network/network.ts';
import type { Expected, VoteCertificate } from '../certificate.ts';
import { type CoveredStep, coveredDigest } from '../covered.ts';
import { type Ballot, ballotDigest, type Choice, type VoteSubject } from '../vote.ts';

export const NOW = 1_800_000_000;

/** Everything that a checker of one certificate is given, as plain JSON. `expected` is what the checker is about to do. */
export type VotingCase = {
  readonly genesis: NetworkGenesis;
  readonly chain: readonly SignedEpoch[];
  readonly certificate: VoteCertificate;
  readonly expected: Omit<Expected, 'spent'>;
  readonly nowSeconds: number;
};

export const seats = (count: number, from = 0): number[] => Array.from({ length: count }, (_unused, at) => from + at);
export const digestNamed = (name: string): Digest => documentDigest(TAGS.selfTest, name);

export const genesis: NetworkGenesis = {
  version: 1,
  name: 'laptop',
  environment: 'production',
  bitcoinNetwork: 'regtest',
  threshold: 2,
  validators: [1, 2].map((id) => ({
    id: validatorId(id),
    identity: digestNamed(`validator ${id}`),
    addresses: ['/ip4/127.0.0.1/tcp/9000'],
  })),
  coordinators: [],
  committee: committeeOf(1, seats(10)),
};

export const covers: readonly CoveredStep[] = [
  {
    step: 'new-key',
    kind: 'workflow',
    name: 'generateKey',
    arguments: { participants: { value: [1, 2, 4] }, smallest: { value: 10 } },
  },
  {
    step: 'sweep',
    kind: 'action',
    name: 'sweepVaults',
    arguments: { toKey: { output: { step: 'new-key', name: 'keyset' } } },
  },
];

/** What the playbook `suspected-share-theft` has its members approve: the next key, and the sweep to exactly that one. */
export const rotateStep = (participants: readonly number[], smallest: number): CoveredStep => ({
  step: 'rotate',
  kind: 'workflow',
  name: 'generateKey',
  arguments: {
    epoch: { value: 2 },
    purpose: { value: 'custody' },
    participants: { value: participants },
    smallest: { value: smallest },
  },
});
export const sweepStep: CoveredStep = {
  step: 'sweep',
  kind: 'workflow',
  name: 'sweepVaults',
  arguments: {
    fromEpoch: { value: 1 },
    toEpoch: { output: { step: 'rotate', name: 'epoch' } },
    certificate: { output: { step: 'rotate', name: 'certificate' } },
  },
};

/** A hand-over from `before` that carries the signatures of `signers`. */
export function epochAfter(
  before: NetworkGenesis['committee'],
  change: Partial<NetworkGenesis['committee']>,
  signers: readonly TestKey[],
  altered: Partial<CommitteeEpoch> = {},
): SignedEpoch {
  const epoch: CommitteeEpoch = {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    previous: committeeDigest(before),
    committee: { ...before, epoch: before.epoch + 1, ...change },
    reason: 'yearly election',
    ...altered,
  };
  return { epoch, signatures: signaturesBy(signers, epochDigest(epoch)) };
}

/** Seat 0 leaves, seat 10 comes. */
export const handOver: SignedEpoch = epochAfter(
  genesis.committee,
  { members: committeeOf(2, seats(10, 1)).members },
  seats(7, 1).map(principal),
);

export function authorityOf(pinned: NetworkGenesis, chain: readonly SignedEpoch[]): Authority {
  const walked = walkEpochs(pinned, chain);
  if (!walked.ok) throw failureOf(walked.refusal);
  return walked.value;
}

export function subjectFor(
  { environment, network, committee }: Authority,
  change: Partial<VoteSubject> = {},
): VoteSubject {
  return {
    version: 1,
    environment,
    network,
    playbook: digestNamed('plan'),
    run: 'incident/laptop/7',
    step: 'approve-rotation',
    arguments: coveredDigest(covers),
    class: 'change',
    committeeEpoch: committee.epoch,
    committee: committeeDigest(committee),
    expiresAtSeconds: NOW + 3_600,
    ...change,
  };
}

export function ballotBy(key: TestKey, subject: VoteSubject, choice: Choice = 'approve', comment?: string): Ballot {
  const words = { voter: key.voter, choice, ...(comment === undefined ? {} : { comment }) };
  return { ...words, signature: key.sign(ballotDigest(subject, words)) };
}

export const certificateOf = (subject: VoteSubject, ballots: readonly Ballot[]): VoteCertificate => ({
  version: 1,
  subject,
  ballots,
});

/** What the executor wants, when it wants what the subject says. */
export const wanted = ({
  playbook,
  run,
  step,
  arguments: given,
  class: kind,
}: VoteSubject): VotingCase['expected'] => ({
  playbook,
  run,
  step,
  arguments: given,
  class: kind,
});

/** Seven of ten approve, and the executor is about to do just that. */
export function soundCase(chain: readonly SignedEpoch[] = [], change: Partial<VoteSubject> = {}): VotingCase {
  const authority = authorityOf(genesis, chain);
  const subject = subjectFor(authority, change);
  const voters = chain.length === 0 ? seats(7) : seats(7, 1);
  return {
    genesis,
    chain,
    certificate: certificateOf(
      subject,
      voters.map((seat) => ballotBy(principal(seat), subject)),
    ),
    expected: wanted(subject),
    nowSeconds: NOW,
  };
}
