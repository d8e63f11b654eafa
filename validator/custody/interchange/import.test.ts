import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CeremonyId, keysetOf } from '../../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { validatorId } from '../../../domain/network/network.ts';
import type { Journal, Release } from '../journal/journal.ts';
import { carrying } from '../testkit/carrying.ts';
import { nextCommittee, pinnedCommittee, signEpoch, standingOrder, useOf } from '../testkit/committee.ts';
import { copyOf, hexOf, outpointOf, payoutOf } from '../testkit/copies.ts';
import { TestJournals } from '../testkit/journals.ts';
import { hostKey, signOrder, testNetwork } from '../testkit/network.ts';
import { createCommittees } from '../committees.ts';
import { createGrants } from '../grants.ts';
import { createOrders } from '../orders.ts';
import { writeInterchange } from './file.ts';
import { importInto } from './import.ts';
import { interchangeOf, ownerIn } from './interchange.ts';

const journals = new TestJournals();
afterEach(() => journals.dispose());

const network = testNetwork(4, 3);
const { genesis } = network;
const self = validatorId(2);
const owner = ownerIn(genesis, self);
const NOW_MS = 1_800_000_000_000;
const { partsOf, textOf, carried, bring } = carrying(genesis, self, NOW_MS);
const codeOf = (work: () => void): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    if (error instanceof FirebreakFailure) return error.code;
    throw error;
  }
};

const CAP = { sats: 250, windowSeconds: 60 };
const deed = fc.record({
  coins: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 2 }),
  fee: fc.integer({ min: 500, max: 502 }),
});
const HISTORY = fc.array(deed, { maxLength: 3 });
type Deed = { readonly coins: readonly number[]; readonly fee: number };

let names = 0;
const releaseIn = ({ coins, fee }: Deed): Release => {
  names += 1;
  const outpoints = coins.toSorted((a, b) => a - b).map(outpointOf);
  const outflow = { coins: outpoints.map((outpoint) => ({ outpoint, sats: 50 })), cap: CAP };
  return payoutOf(`deed ${names}`, { outpoints, feeSats: fee, outflow }, NOW_MS);
};
const PROBES: readonly Deed[] = [0, 1, 2, 3]
  .flatMap((a) => [[a], ...[0, 1, 2, 3].filter((b) => b > a).map((b) => [a, b])])
  .flatMap((coins) => [499, 501, 503].map((fee) => ({ coins, fee })));

test('after an import a validator refuses whatever either copy would have refused, and a contradiction changes nothing', () => {
  const seen = { taken: 0, torn: 0, refused: 0 };
  fc.assert(
    fc.property(HISTORY, HISTORY, HISTORY, (before, here, there) => {
      const folder = journals.newFolder();
      const original = journals.open(folder);
      const signed: Release[] = [];
      const sign = (journal: Journal, { coins, fee }: Deed): void => {
        const release = releaseIn({ coins, fee });
        if (journal.releases.commit(release) === undefined) signed.push(release);
      };
      for (const each of before) sign(original, each);
      const [mine, other] = copyOf(journals, folder, original);
      for (const each of here) sign(mine, each);
      for (const each of there) sign(other, each);
      // Locks and nonces of the past, and coins that neither has seen.
      const probes = [
        ...PROBES.map((each) => {
          const { spend, ...rest } = releaseIn(each);
          return { ...rest, spend: spend && { ...spend, outflow: undefined } } as Release;
        }),
        ...signed.map(({ commitments }) => ({ ...releaseIn({ coins: [90], fee: 500 }), commitments })),
        ...[1, 2, 3, 4, 5].map((count) =>
          releaseIn({ coins: Array.from({ length: count }, (_, at) => 100 + at), fee: 500 }),
        ),
      ];
      const refusedBy = (journal: Journal) => probes.map((probe) => journal.releases.conflict(probe) !== undefined);
      const [mineBefore, others] = [refusedBy(mine), refusedBy(other)];
      const kept = textOf(mine);
      const code = codeOf(() => bring(other, mine));
      if (code !== 'none') {
        seen.torn += 1;
        expect(code).toBe('conflict.interchange-lock');
        expect(textOf(mine)).toBe(kept);
        return;
      }
      seen.taken += 1;
      const after = refusedBy(mine);
      for (const [at, refused] of after.entries()) {
        if (mineBefore[at] === true || others[at] === true) {
          seen.refused += 1;
          expect([probes[at], refused]).toEqual([probes[at], true]);
        }
      }
      const once = textOf(mine);
      bring(other, mine);
      expect(textOf(mine)).toBe(once);
      // The other way round both end with the same memory.
      bring(mine, other);
      expect(textOf(other)).toBe(once);
    }),
    { numRuns: 24 },
  );
  expect(seen.taken).toBeGreaterThan(4);
  expect(seen.refused).toBeGreaterThan(100);
});

test('two payouts of one output that were signed apart stop the import with both transactions in the words', () => {
  const folder = journals.newFolder();
  const [mine, other] = copyOf(journals, folder, journals.open(folder));
  mine.releases.commit(releaseIn({ coins: [1, 2], fee: 500 }));
  other.releases.commit(releaseIn({ coins: [2, 3], fee: 900 }));
  expect(() => bring(other, mine)).toThrow(/is signed away in [0-9a-f]{64} and in [0-9a-f]{64}/);
  expect(mine.remembered.all().locks).toHaveLength(2);
});

test('a copy that is only older is brought up to date: what replaced what is known, also where a spend could never confirm', () => {
  const folder = journals.newFolder();
  const first = journals.open(folder);
  const both = releaseIn({ coins: [1, 2], fee: 900 });
  first.releases.commit(both);
  const [old, young] = copyOf(journals, folder, first);
  const alone = payoutOf(
    'alone',
    { outpoints: [outpointOf(1)], feeSats: 400, hopeless: [both.spend?.txid ?? ''] },
    NOW_MS,
  );
  expect(young.releases.commit(alone)).toBeUndefined();
  bring(young, old);
  expect(old.releases.locksOn(outpointOf(1))).toHaveLength(2);
  // The chain decides again, now and later: while the first may confirm, neither gives way.
  expect(old.releases.conflict(alone)).toMatchObject({ kind: 'nonce-burnt' });
  const again = { ...payoutOf('again', { outpoints: [outpointOf(1)], feeSats: 400 }, NOW_MS) };
  expect(old.releases.conflict(again)).toMatchObject({ kind: 'outpoint-locked', txid: both.spend?.txid });
  expect(old.releases.conflict({ ...again, spend: alone.spend })).toBeUndefined();
});

describe('documents of others', () => {
  const order = signOrder(network, { number: 7, kind: 'freeze', expiresAtSeconds: NOW_MS / 1_000 - 5 }, 2);
  const before = pinnedCommittee(network);
  const after = nextCommittee(before, [hostKey(), hostKey(), hostKey()]);
  const epoch = signEpoch(network, before, after);

  test('an order that was obeyed in its time keeps its number, a use stays spent, a committee stays handed over, a key generation stays begun', () => {
    const [from, into] = [journals.open(journals.newFolder()), journals.open(journals.newFolder())];
    const thenMs = NOW_MS - 3_600_000;
    const parts = { ...partsOf(from), clock: () => thenMs };
    const committees = createCommittees(parts);
    createOrders(parts, committees).obey(order);
    const grant = standingOrder(network, thenMs / 1_000, { by: before });
    expect(createGrants(parts, committees).use(grant, useOf(grant, thenMs / 1_000, { afterOrder: 7 })).ok).toBe(true);
    committees.follow([epoch]);
    const ceremony = `keygen-${hexOf('one').slice(0, 32)}` as CeremonyId;
    from.keysets.begin(ceremony, 3, thenMs);
    bring(from, into);
    expect(into.orders.current()?.state.number).toBe(7);
    expect(into.grants.count()).toBe(1);
    expect(into.keysets.hasBegun(ceremony)).toBe(true);
    const later = createCommittees(partsOf(into));
    expect(later.authority().committee.epoch).toBe(after.committee.epoch);
    const older = signOrder(network, { number: 6, kind: 'lift' }, 3);
    expect(createOrders(partsOf(into), later).obey(older)).toMatchObject({ ok: false });
  });

  test('an order that nobody signed is no memory, and takes everything else of its file with it', () => {
    const [from, into] = [journals.open(journals.newFolder()), journals.open(journals.newFolder())];
    from.releases.commit(releaseIn({ coins: [1], fee: 500 }));
    const forged = { ...carried(from), order: { ...order, signatures: order.signatures.slice(0, 1) } };
    expect(codeOf(() => importInto(partsOf(into), forged))).toBe('policy.interchange-document');
    expect(into.remembered.all().locks).toEqual([]);
  });

  test('two committees of one epoch cannot both be obeyed', () => {
    const [from, into] = [journals.open(journals.newFolder()), journals.open(journals.newFolder())];
    createCommittees(partsOf(from)).follow([epoch]);
    createCommittees(partsOf(into)).follow([
      signEpoch(network, before, nextCommittee(before, [hostKey(), hostKey(), hostKey()])),
    ]);
    expect(codeOf(() => bring(from, into))).toBe('conflict.interchange-committee');
  });

  test('a certificate that its participants did not sign brings no key', () => {
    const into = journals.open(journals.newFolder());
    const keyset = keysetOf(`keygen-${hexOf('key').slice(0, 32)}` as CeremonyId);
    const key = { keyset, epoch: 1, brake: 'compromised' as const, certificate: '{"package":{},"signatures":[]}' };
    const file = { ...interchangeOf(into, owner), remembered: { ...into.remembered.all(), keysets: [key] } };
    expect(codeOf(() => importInto(partsOf(into), file))).toBe('input.document-field');
    expect(into.keysets.list()).toEqual([]);
  });
});

test('an export is never larger than what is read back, in bytes and with its last line', () => {
  const journal = journals.open(journals.newFolder());
  journal.auditHeads.append('Störung 🔥', { count: 3, root: hexOf('root of three') }, 1);
  const remembered = interchangeOf(journal, owner);
  const bytes = Buffer.byteLength(writeInterchange(remembered));
  expect(() => writeInterchange(remembered, bytes)).not.toThrow();
  expect(codeOf(() => void writeInterchange(remembered, bytes - 1))).toBe('policy.interchange-size');
});

test('heads of the evidence of one incident that two copies signed must all be continued', () => {
  const [from, into] = [journals.open(journals.newFolder()), journals.open(journals.newFolder())];
  into.auditHeads.append('i', { count: 3, root: hexOf('root of three') }, 1);
  from.auditHeads.append('i', { count: 12, root: hexOf('root of twelve') }, 1);
  bring(from, into);
  expect(into.auditHeads.of('i').map(({ count }) => count)).toEqual([3, 12]);
  from.auditHeads.append('i', { count: 3, root: hexOf('another root of three') }, 1);
  expect(codeOf(() => bring(from, into))).toBe('conflict.interchange-head');
});

const REASON = 'policy.reorg-too-deep: a branch leaves ours 9 blocks below our tip';
const frozen = (height: number, afterOrder: number) => ({
  tip: { hash: hexOf(`block ${height}`), height },
  reason: REASON,
  afterOrder,
});
/** A journal that stands at this order, and has perhaps frozen by itself at this height. */
function standingAt(number: number, height?: number): Journal {
  const journal = journals.open(journals.newFolder());
  const parts = partsOf(journal);
  const order = signOrder(network, { number, kind: 'lift', expiresAtSeconds: NOW_MS / 1_000 + 600 }, 3);
  if (number > 0) expect(createOrders(parts, createCommittees(parts)).obey(order, 0)).toMatchObject({ ok: true });
  if (height !== undefined) journal.chainFreezes.begin(frozen(height, number), NOW_MS);
  return journal;
}

test('a freeze of its own goes along, and of two of them the one that fewer lifts end, whichever comes first', () => {
  const [one, other, same] = [() => standingAt(3, 7), () => standingAt(4, 9), () => standingAt(4, 8)];
  const pairs = [
    [one, other],
    [other, same],
    [one, () => standingAt(0)],
  ] as const;
  for (const [left, right] of pairs) {
    const [a, b] = [left(), right()];
    bring(b, a);
    const [c, d] = [right(), left()];
    bring(d, c);
    expect(textOf(a)).toBe(textOf(c));
    bring(b, a);
    bring(d, a);
    expect(textOf(a)).toBe(textOf(c));
    expect(a.chainFreezes.current()).toBeDefined();
  }
  const both = one();
  bring(other(), both);
  expect(both.chainFreezes.current()).toMatchObject(frozen(9, 4));
});

test('a freeze that a later lift ended here is known and not begun again, and any other is, whatever was lifted', () => {
  const [here, there] = [standingAt(3, 7), standingAt(3, 7)];
  here.chainFreezes.end(1, 5);
  bring(there, here);
  expect(here.chainFreezes.current()).toBeUndefined();
  // Its lift 5 had named a block that a small reorganisation took away again before the next deep one.
  const again = standingAt(5);
  again.chainFreezes.begin(frozen(9, 4), NOW_MS);
  const restored = standingAt(3, 7);
  restored.chainFreezes.end(1, 5);
  bring(again, restored);
  expect(restored.chainFreezes.current()).toMatchObject(frozen(9, 4));
  const later = standingAt(6, 9);
  bring(later, here);
  expect(here.chainFreezes.current()).toMatchObject(frozen(9, 6));
});

test('a freeze after an order that the file does not hold is refused: its lift might never come', () => {
  for (const [held, after] of [
    [0, 1],
    [3, 4],
    [3, Number.MAX_SAFE_INTEGER],
  ] as const) {
    const journal = standingAt(held);
    journal.chainFreezes.begin(frozen(7, after), NOW_MS);
    expect(codeOf(() => carried(journal))).toBe('input.interchange-file');
  }
});

test('what a node said in a freeze is one line, in the journal and in a file', () => {
  const journal = standingAt(1);
  journal.chainFreezes.begin({ ...frozen(7, 1), reason: 'a\u0000b\u001b[2J\u202e\ud800\n' }, NOW_MS);
  expect(journal.chainFreezes.current()?.reason).toBe('a b [2J \ufffd ');
  expect(carried(journal).chainFreeze).toMatchObject({ reason: 'a b [2J \ufffd ' });
  journal.chainFreezes.begin({ ...frozen(8, 1), reason: `${'x'.repeat(499)}\u{1f525}` }, NOW_MS);
  expect(carried(journal).chainFreeze).toMatchObject({ reason: `${'x'.repeat(499)}\ufffd` });
});

test('a head under whatever name a coordinator chose comes back out of a file', () => {
  const [journal, other] = [standingAt(0), standingAt(0)];
  const name = 'an\u0000incident \u202e\u001b[2J';
  journal.auditHeads.append(name, { count: 1, root: hexOf('root') }, NOW_MS);
  bring(journal, other);
  expect(other.auditHeads.of(name)).toMatchObject([{ count: 1 }]);
  expect(textOf(other)).toBe(textOf(journal));
});
