import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GrantUse, SignedGrantUse } from '../../../domain/committee/grant-use.ts';
import { validatorId } from '../../../domain/network/network.ts';
import { createCommittees } from '../committees.ts';
import { createGrants } from '../grants.ts';
import type { Journal } from '../journal/journal.ts';
import { createOrders } from '../orders.ts';
import { carrying } from '../testkit/carrying.ts';
import { standingOrder, useOf } from '../testkit/committee.ts';
import { TestJournals } from '../testkit/journals.ts';
import { signOrder, testNetwork } from '../testkit/network.ts';

const journals = new TestJournals();
afterEach(() => journals.dispose());

const network = testNetwork(4, 3);
const { genesis } = network;
const self = validatorId(2);
const NOW = 1_800_000_000;
const grant = standingOrder(network, NOW, { limits: { usesMax: 1 } });
const lift = signOrder(network, { number: 1, kind: 'lift' }, 3);

const { partsOf, textOf, bring } = carrying(genesis, self, NOW * 1_000);
const open = (): Journal => journals.open(journals.newFolder());
const frozenUntil = (journal: Journal): number => journal.orders.standing().state.frozenUntilSeconds;
const numberOf = (journal: Journal): number => journal.orders.standing().state.number;
const usedAfter = (journal: Journal, change: Partial<GrantUse>): SignedGrantUse =>
  useOf(grant, NOW, { afterOrder: numberOf(journal), ...change });
const use = (journal: Journal, signed: SignedGrantUse) =>
  createGrants(partsOf(journal), createCommittees(partsOf(journal))).use(grant, signed);

const deed = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ run: fc.constantFrom('a', 'b'), freezeSeconds: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.constant('lift' as const) },
);

test('no freeze ends earlier after an import than either copy would have ended it, and no use that one knows is made again', () => {
  const seen = { prolonged: 0, twoWays: 0, overBudget: 0 };
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 3 }), fc.array(deed, { maxLength: 3 }), (here, there) => {
      const [mine, other] = [open(), open()];
      const told: SignedGrantUse[] = [];
      for (const [journal, deeds] of [
        [mine, here],
        [other, there],
      ] as const)
        for (const each of deeds) {
          if (each === 'lift') createOrders(partsOf(journal), createCommittees(partsOf(journal))).obey(lift);
          else {
            const signed = usedAfter(journal, each);
            if (use(journal, signed).ok) told.push(signed);
          }
        }
      const before = [mine, other].map((journal) => ({ number: numberOf(journal), until: frozenUntil(journal) }));
      bring(other, mine);
      const number = Math.max(...before.map((each) => each.number));
      expect(numberOf(mine)).toBe(number);
      const until = Math.max(...before.filter((each) => each.number === number).map((each) => each.until));
      expect(frozenUntil(mine)).toBe(until);
      if (until > (before[0]?.until ?? 0)) seen.prolonged += 1;
      const known = mine.grants.all();
      if (known.length > grant.grant.limits.usesMax) seen.overBudget += 1;
      if (new Set(told.map((signed) => JSON.stringify(signed))).size > known.length) seen.twoWays += 1;
      for (const { use: made } of told) expect(known.map(({ signedUse }) => signedUse.use.run)).toContain(made.run);
      const once = textOf(mine);
      bring(other, mine);
      expect(textOf(mine)).toBe(once);
      // The other way round both end with the same memory.
      bring(mine, other);
      expect(textOf(other)).toBe(once);
      expect(frozenUntil(other)).toBe(until);
      journals.closeAll();
    }),
    {
      numRuns: 14,
      examples: [
        [[{ run: 'a', freezeSeconds: 2 }], [{ run: 'b', freezeSeconds: 5 }]],
        [[{ run: 'a', freezeSeconds: 2 }], [{ run: 'a', freezeSeconds: 5 }]],
        [['lift', { run: 'a', freezeSeconds: 2 }], [{ run: 'a', freezeSeconds: 5 }]],
      ],
    },
  );
  // Copies that never disagree would pass as well.
  expect(Math.min(seen.prolonged, seen.twoWays, seen.overBudget)).toBeGreaterThan(0);
});

test('a freeze under the last use of a grant holds after an import, also where this copy had spent that use for a shorter one', () => {
  const [mine, other] = [open(), open()];
  expect(use(mine, usedAfter(mine, { run: 'a', freezeSeconds: 60 })).ok).toBe(true);
  expect(use(other, usedAfter(other, { run: 'b', freezeSeconds: 3_600 })).ok).toBe(true);
  bring(other, mine);
  expect(frozenUntil(mine)).toBe(NOW + 3_600);
  expect(use(mine, usedAfter(mine, { run: 'c' }))).toMatchObject({ refusal: { code: 'policy.grant-uses' } });
});
