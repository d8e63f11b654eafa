import { committeeDigest } from '../../committee/committee.ts';
import type { EpochRefusal, SignedEpoch } from '../../committee/epoch.ts';
import { committeeOf, deputy, principal, signaturesBy, testKey } from '../../committee/testkit/keys.ts';
import { epochDigest } from '../../committee/epoch.ts';
import type { Attack } from './attacks.ts';
import { epochAfter, genesis, handOver, seats, soundCase } from './voting.ts';

const first = genesis.committee;
const second = handOver.epoch.committee;
const seven = seats(7).map(principal);
const nextMembers = { members: committeeOf(2, seats(10, 1)).members };

/** Votes that would be good under the committee at the end of the chain; the chain itself must not get there. */
const attack = (name: string, code: EpochRefusal, chain: () => readonly SignedEpoch[]): Attack => ({
  name,
  code,
  make: () => ({ ...soundCase([handOver]), chain: chain() }),
});

/** Attacks on the chain of committees. */
export const epochAttacks: readonly Attack[] = [
  attack('a hand-over signed by six where seven are needed', 'policy.epoch-quorum', () => [
    epochAfter(first, nextMembers, seats(6, 1).map(principal)),
  ]),
  attack('a hand-over signed by a freeze quorum', 'policy.epoch-quorum', () => [
    epochAfter(first, nextMembers, seats(3, 1).map(principal)),
  ]),
  attack('a committee that appoints itself', 'policy.epoch-quorum', () => [
    epochAfter(first, { members: committeeOf(2, [10, 11]).members, quorum: { freeze: 1, lift: 2 } }, [
      principal(10),
      principal(11),
    ]),
  ]),
  attack('a hand-over that nobody signed', 'policy.epoch-quorum', () => [epochAfter(first, nextMembers, [])]),
  attack('principal and deputy together in the place of two seats', 'policy.epoch-quorum', () => [
    epochAfter(first, nextMembers, [...seats(5, 1).map(principal), principal(0), deputy(0)]),
  ]),
  attack('a signature that is there twice to reach the quorum', 'conflict.epoch-repeated', () => [
    epochAfter(first, nextMembers, [...seats(6, 1).map(principal), principal(1)]),
  ]),
  attack('an epoch that is left out', 'policy.epoch-number', () => [
    epochAfter(second, { quorum: { freeze: 3, lift: 7 } }, seats(7, 1).map(principal)),
  ]),
  attack('an epoch that is presented twice', 'policy.epoch-number', () => [handOver, handOver]),
  attack('an epoch that goes back to the first committee', 'policy.epoch-number', () => [
    handOver,
    epochAfter(second, { ...first }, seats(7, 1).map(principal)),
  ]),
  attack('an epoch number of its own choice', 'policy.epoch-number', () => [
    epochAfter(first, { ...nextMembers, epoch: 9 }, seven),
  ]),
  attack('a hand-over from a committee that only looks like the pinned one', 'policy.epoch-previous', () => [
    epochAfter(first, nextMembers, seats(7, 1).map(principal), {
      previous: committeeDigest({ ...first, quorum: { freeze: 1, lift: 1, change: 1 } }),
    }),
  ]),
  attack('a second hand-over that follows another branch', 'policy.epoch-previous', () => [
    handOver,
    epochAfter({ ...second, quorum: { freeze: 3, lift: 8 } }, {}, seats(8, 1).map(principal)),
  ]),
  attack('a hand-over that was rehearsed in a drill', 'policy.epoch-environment', () => [
    epochAfter(first, nextMembers, seats(7, 1).map(principal), { environment: 'drill' }),
  ]),
  attack('a hand-over of another network', 'policy.epoch-environment', () => [
    epochAfter(first, nextMembers, seats(7, 1).map(principal), { network: 'mainland' }),
  ]),
  attack('a committee that two halves could change at once', 'policy.committee-rules', () => [
    epochAfter(first, { quorum: { freeze: 3, lift: 5, change: 5 } }, seven),
  ]),
  attack('a committee that releases more cheaply than it brakes', 'policy.committee-rules', () => [
    epochAfter(first, { quorum: { freeze: 8, lift: 7, change: 8 } }, seven),
  ]),
  attack('a committee that changes more cheaply than it releases', 'policy.committee-rules', () => [
    epochAfter(first, { quorum: { freeze: 3, lift: 8, change: 7 } }, seven),
  ]),
  attack('a committee that asks for more seats than it has', 'policy.committee-rules', () => [
    epochAfter(first, { quorum: { freeze: 3, lift: 11, change: 11 } }, seven),
  ]),
  attack('a committee that freezes without anybody', 'policy.committee-rules', () => [
    epochAfter(first, { quorum: { freeze: 0, lift: 7, change: 7 } }, seven),
  ]),
  attack('one key in two seats', 'policy.committee-rules', () => [
    epochAfter(first, { members: [...first.members, { ...principal(4).listed, name: 'member-4b' }] }, seven),
  ]),
  attack('a deputy who is the principal of another seat', 'policy.committee-rules', () => [
    epochAfter(
      first,
      {
        members: first.members.map((member, seat) =>
          seat === 4 ? { ...member, deputy: principal(5).listed } : member,
        ),
      },
      seven,
    ),
  ]),
  attack('two keys of one name', 'policy.committee-rules', () => [
    epochAfter(first, { members: [...first.members, { ...principal(10).listed, name: 'member-4' }] }, seven),
  ]),
  attack('a key that no secret belongs to: the neutral point', 'policy.committee-rules', () => [
    epochAfter(first, { members: [...first.members, { name: 'nobody', key: `01${'00'.repeat(31)}` }] }, seven),
  ]),
  attack('a key that is no point of its curve', 'policy.committee-rules', () => [
    epochAfter(
      first,
      { members: [...first.members, { name: 'nobody', key: 'ff'.repeat(32), algorithm: 'secp256k1' }] },
      seven,
    ),
  ]),
  attack('a member exchanged after the others had signed', 'policy.epoch-signature', () => {
    const { epoch, signatures } = handOver;
    const members = epoch.committee.members.map((member, at) => (at === 9 ? testKey('mallory').listed : member));
    return [{ epoch: { ...epoch, committee: { ...epoch.committee, members } }, signatures }];
  }),
  attack('a signature of somebody of neither committee', 'policy.epoch-stranger', () => [
    {
      ...handOver,
      signatures: [...handOver.signatures, ...signaturesBy([testKey('mallory')], epochDigest(handOver.epoch))],
    },
  ]),
  attack('a signature of a member who left an epoch ago', 'policy.epoch-stranger', () => [
    handOver,
    epochAfter(second, {}, [...seats(7, 1).map(principal), principal(0)]),
  ]),
  attack('signatures of a vote under a hand-over', 'policy.epoch-signature', () => {
    const { ballots } = soundCase().certificate;
    return [{ ...handOver, signatures: ballots.map(({ voter, signature }) => ({ member: voter, signature })) }];
  }),
  attack('a committee whose keys nobody has shown to hold', 'policy.epoch-unproven', () => [
    epochAfter(first, { members: seats(10).map((seat) => testKey(`never-seen-${seat}`).listed) }, seven),
  ]),
  attack('a chain without end', 'input.epoch-chain', () => Array.from({ length: 1_001 }, () => handOver)),
];
