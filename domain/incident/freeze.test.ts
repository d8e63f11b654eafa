import { expect, test } from '@jest/globals';
import { genesis } from '../approval/testkit/voting.ts';
import { wordedLapse } from './freeze.ts';

test('whoever is told that a freeze lapses is told who can renew it, and how often', () => {
  const untilMs = Date.UTC(2027, 0, 15, 8);
  expect(wordedLapse(untilMs, genesis.committee)).toBe(
    'the freeze lapses at 2027-01-15T08:00:00.000Z, and the incident is open: renew it (3 members 3 times in a row, then 7) or let it end',
  );
  expect(wordedLapse(untilMs, undefined)).toContain(
    'renew it (the freeze quorum 3 times in a row, then the change quorum)',
  );
});
