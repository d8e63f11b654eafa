import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { epochAfter, genesis, handOver, seats } from '../approval/testkit/voting.ts';
import { type Committee, quorumOf } from './committee.ts';
import { firstAuthority, type SignedEpoch, walkEpochs } from './epoch.ts';
import { committeeOf, deputy, principal } from './testkit/keys.ts';

test('without an epoch the pinned committee is the present one, and nobody has left', () => {
  expect(walkEpochs(genesis, [])).toEqual({ ok: true, value: firstAuthority(genesis) });
});

test('a hand-over brings the new committee, and those without a seat in it are known as former', () => {
  const walked = walkEpochs(genesis, [handOver]);
  expect(walked).toMatchObject({ ok: true, value: { committee: handOver.epoch.committee } });
  expect(walked.ok && [...walked.value.former].sort()).toEqual([principal(0).voter, deputy(0).voter].sort());
});

test('deputies sign hand-overs for their seats', () => {
  const signers = [deputy(0), ...seats(6, 1).map(principal)];
  const next = epochAfter(genesis.committee, { quorum: { freeze: 3, lift: 8, change: 7 } }, signers);
  expect(walkEpochs(genesis, [next])).toMatchObject({ refusal: { code: 'policy.committee-rules' } });
  const sound = epochAfter(genesis.committee, { quorum: { freeze: 2, lift: 7, change: 7 } }, signers);
  expect(walkEpochs(genesis, [sound]).ok).toBe(true);
});

test('who comes back is no longer former', () => {
  const back = epochAfter(
    handOver.epoch.committee,
    { members: committeeOf(3, seats(10)).members },
    seats(7, 1).map(principal),
  );
  const walked = walkEpochs(genesis, [handOver, back]);
  expect(walked.ok && walked.value.former.has(principal(0).voter)).toBe(false);
  expect(walked.ok && walked.value.former.has(principal(10).voter)).toBe(true);
});

test('a chain is walked to its end exactly when each link has the change quorum of both committees', () => {
  const link = fc.record({
    from: fc.integer({ min: 0, max: 2 }),
    size: fc.integer({ min: 7, max: 10 }),
    change: fc.integer({ min: 4, max: 8 }),
    signers: fc.shuffledSubarray(
      seats(12).filter((seat) => seat !== 2),
      { minLength: 5 },
    ),
  });
  const seen = { reached: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(link, { minLength: 1, maxLength: 3 }), (links) => {
      let before: Committee = genesis.committee;
      let isSound = true;
      const chain: SignedEpoch[] = [];
      for (const { from, size, change, signers } of links) {
        const members = committeeOf(before.epoch + 1, seats(size, from)).members;
        const quorum = { freeze: 3, lift: 4, change };
        const next: Committee = { epoch: before.epoch + 1, members, quorum };
        const listed = (committee: Committee): readonly number[] =>
          signers.filter((seat) => committee.members.some(({ name }) => name === `member-${seat}`));
        const signing = signers.filter((seat) => listed(before).includes(seat) || listed(next).includes(seat));
        isSound &&=
          change * 2 > size &&
          change <= size &&
          listed(before).length >= quorumOf(before, 'change') &&
          listed(next).length >= quorumOf(next, 'change');
        chain.push(epochAfter(before, next, signing.map(principal)));
        before = next;
      }
      const walked = walkEpochs(genesis, chain);
      seen[walked.ok ? 'reached' : 'refused'] += 1;
      expect(walked.ok).toBe(isSound);
    }),
    { numRuns: 80 },
  );
  expect(Math.min(seen.reached, seen.refused)).toBeGreaterThan(0);
});
