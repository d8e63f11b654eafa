import { afterEach, expect, test } from '@jest/globals';
import { FIRST_OUTPUT as FIRST, releaseOf as release, TestJournals } from '../testkit/journals.ts';

const journals = new TestJournals();
afterEach(() => journals.dispose());
const open = (folder: string) => journals.open(folder);
const newFolder = () => journals.newFolder();

const SECOND = '22'.repeat(32).concat(':1');

test('the same outpoints may be signed away again for a higher fee, and never for an equal or a lower one', () => {
  const journal = open(newFolder());
  const both = { outpoints: [FIRST, SECOND] };
  journal.releases.commit(release('a', 'aa'.repeat(32), both));
  expect(journal.releases.commit(release('b', 'bb'.repeat(32), { ...both, feeSats: 501 }))).toBeUndefined();
  expect(journal.releases.locksOn(FIRST)).toMatchObject([{ txid: 'bb'.repeat(32), feeSats: 501 }]);
  expect(journal.releases.locksOf('aa'.repeat(32))).toEqual([]);
  for (const feeSats of [500, 501]) {
    expect(journal.releases.commit(release('c', 'cc'.repeat(32), { ...both, feeSats }))).toMatchObject({
      kind: 'outpoint-locked',
      txid: 'bb'.repeat(32),
    });
  }
});

test.each([
  ['aa', 'bb', 'cc'],
  ['aa', 'cc', 'bb'],
  ['bb', 'aa', 'cc'],
  ['bb', 'cc', 'aa'],
  ['cc', 'aa', 'bb'],
  ['cc', 'bb', 'aa'],
])(
  'of transactions over the same outpoints at one fee the same one holds the locks in the end, asked in order %s %s %s',
  (...order) => {
    const journal = open(newFolder());
    const ask = (name: string, time: string) =>
      journal.releases.commit(release(`${name}${time}`, name.repeat(32), { outpoints: [FIRST, SECOND] }));
    for (const name of order) ask(name, 'first');
    expect(ask('aa', 'again')).toBeUndefined();
    for (const name of ['bb', 'cc']) expect(ask(name, 'again')).toMatchObject({ txid: 'aa'.repeat(32) });
    expect(journal.releases.locksOf('aa'.repeat(32))).toHaveLength(2);
  },
);

test('a higher fee moves no lock when it leaves out an outpoint of the holder', () => {
  const journal = open(newFolder());
  journal.releases.commit(release('a', 'aa'.repeat(32), { outpoints: [FIRST, SECOND] }));
  const third = '33'.repeat(32).concat(':0');
  for (const outpoints of [[FIRST], [SECOND], [FIRST, third]]) {
    expect(journal.releases.commit(release('b', 'bb'.repeat(32), { outpoints, feeSats: 9_000 }))).toMatchObject({
      kind: 'outpoint-locked',
      txid: 'aa'.repeat(32),
    });
  }
});

test('locks that were split between overlapping requests all move to one over their union, also at the highest fee of them', () => {
  const journal = open(newFolder());
  const third = '33'.repeat(32).concat(':0');
  journal.releases.commit(release('a', 'aa'.repeat(32), { outpoints: [FIRST, SECOND] }));
  journal.releases.commit(release('b', 'bb'.repeat(32), { outpoints: [third], feeSats: 600 }));
  const union = { outpoints: [FIRST, SECOND, third] };
  expect(journal.releases.commit(release('c', 'cc'.repeat(32), { ...union, feeSats: 599 }))).toMatchObject({
    kind: 'outpoint-locked',
    txid: 'bb'.repeat(32),
  });
  expect(journal.releases.commit(release('d', 'dd'.repeat(32), { ...union, feeSats: 600 }))).toBeUndefined();
  expect(journal.releases.locksOf('dd'.repeat(32))).toHaveLength(3);
});

test('a lock of a transaction that can never confirm gives way, also to fewer outpoints', () => {
  const journal = open(newFolder());
  journal.releases.commit(release('a', 'aa'.repeat(32), { outpoints: [FIRST, SECOND] }));
  const alone = { outpoints: [FIRST], feeSats: 400, hopeless: ['aa'.repeat(32)] };
  expect(journal.releases.commit(release('b', 'bb'.repeat(32), alone))).toBeUndefined();
  expect(journal.releases.locksOn(FIRST)[0]?.txid).toBe('bb'.repeat(32));
  expect(journal.releases.locksOn(SECOND)[0]?.txid).toBe('aa'.repeat(32));
});
