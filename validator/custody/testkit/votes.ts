import { sign } from 'node:crypto';
import { type Ballot, ballotDigest, type Choice, type VoteSubject } from '../../../domain/approval/vote.ts';
import { coveredDigest, type CoveredStep } from '../../../domain/approval/covered.ts';
import type { Proof } from '../../../domain/approval/execution.ts';
import type { KeyOrigin } from '../../../domain/ceremony/ceremony.ts';
import { committeeDigest } from '../../../domain/committee/committee.ts';
import { sha256Hex } from '../../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import type { HostKey, TestNetwork } from './network.ts';

/** The run that every test of a rotation is about; the step is the one that makes the key. */
export const ORIGIN: KeyOrigin = {
  run: 'runPlaybook/test/1',
  step: 'rotate',
  playbook: sha256Hex(Buffer.from('the plan of a test')),
};

/** A rotation and the sweep that follows from it, as members see both. */
export const rotation = (
  participants: readonly number[],
  fromEpoch = 1,
  toEpoch = fromEpoch + 1,
): readonly CoveredStep[] => [
  {
    step: 'rotate',
    kind: 'workflow',
    name: 'generateKey',
    arguments: {
      epoch: { value: toEpoch },
      purpose: { value: 'test' },
      participants: { value: participants },
      smallest: { value: participants.length },
    },
  },
  {
    step: 'sweep',
    kind: 'workflow',
    name: 'sweepVaults',
    arguments: {
      fromEpoch: { value: fromEpoch },
      toEpoch: { output: { step: 'rotate', name: 'epoch' } },
      certificate: { output: { step: 'rotate', name: 'certificate' } },
    },
  },
];

export type Voted = {
  readonly nowMs: number;
  readonly subject?: Partial<VoteSubject>;
  readonly voters?: readonly HostKey[];
  readonly choice?: Choice;
};

/** Votes of members for steps of a run; all of the committee of the test network unless `voters` says otherwise. */
export function votesFor(
  network: Pick<TestNetwork, 'genesis' | 'committee'>,
  covers: readonly CoveredStep[],
  voted: Voted,
): Proof {
  const { genesis, committee } = network;
  const subject: VoteSubject = {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    playbook: ORIGIN.playbook,
    run: ORIGIN.run,
    step: 'consent',
    arguments: coveredDigest(covers),
    class: 'change',
    committeeEpoch: genesis.committee.epoch,
    committee: committeeDigest(genesis.committee),
    expiresAtSeconds: Math.floor(voted.nowMs / 1_000) + 3_600,
    ...voted.subject,
  };
  const ballots = (voted.voters ?? committee).map((voter) => ballotBy(voter, subject, voted.choice ?? 'approve'));
  return { certificate: { version: 1, subject, ballots }, covers };
}

function ballotBy({ key, identity }: HostKey, subject: VoteSubject, choice: Choice): Ballot {
  const words = { voter: identity, choice };
  const digest = fromHex(ballotDigest(subject, words), 'ballot', 32);
  return { ...words, signature: toHex(sign(null, digest, key)) };
}
