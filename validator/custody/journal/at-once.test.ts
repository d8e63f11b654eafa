import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Release } from './journal.ts';
import { openJournal } from './open.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-at-once-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const release = (name: string, outpoint: string): Release => ({
  ceremony: `signing-${name}`,
  requestDigest: `digest-${name}` as Digest,
  spend: { txid: 'aa'.repeat(32), outpoints: [outpoint], feeSats: 500, hopeless: [] },
  commitments: [`commitment-${name}`],
  response: new TextEncoder().encode(`response ${name}`),
  atMs: 1,
});

test('several writes at once are all there or none is, and a reader among them sees what was written so far', () => {
  const journal = openJournal(folder);
  const [first, second] = [release('first', `${'11'.repeat(32)}:0`), release('second', `${'22'.repeat(32)}:1`)];
  expect(() =>
    journal.atOnce(() => {
      expect(journal.releases.commit(first)).toBeUndefined();
      expect(journal.releases.stored(first.requestDigest)).toEqual(first.response);
      journal.steps.record(first.ceremony, 'partial-released', 1);
      throw new FirebreakFailure('bug.test', 'after the writes');
    }),
  ).toThrow('after the writes');
  expect([journal.releases.count(), journal.steps.of(first.ceremony)]).toEqual([0, []]);
  const late = journal.atOnce(() => {
    journal.steps.record(second.ceremony, 'partial-released', 2);
    return journal.releases.commit(second) ?? journal.releases.commit(first);
  });
  expect(late).toBeUndefined();
  journal.close();
  // The watermark counted it: opening again finds neither more nor fewer writes than were made.
  const again = openJournal(folder);
  expect([again.releases.count(), again.steps.of(second.ceremony)]).toEqual([
    2,
    [{ step: 'partial-released', atMs: 2 }],
  ]);
  again.close();
});

test('a write that failed half way leaves nothing, also when whoever made it among others went on', () => {
  const journal = openJournal(folder);
  const half = { ...release('half', `${'33'.repeat(32)}:0`), commitments: ['one', 'one'] };
  expect(() =>
    journal.atOnce(() => {
      expect(() => journal.releases.commit(half)).toThrow();
      journal.steps.record(half.ceremony, 'partial-released', 1);
    }),
  ).toThrow(expect.objectContaining({ code: 'bug.journal' }));
  expect(journal.releases.locksOn(`${'33'.repeat(32)}:0`)).toEqual([]);
  expect(journal.releases.burnt('one')).toBeUndefined();
  expect(journal.steps.of(half.ceremony)).toEqual([]);
  expect(journal.releases.commit(release('next', `${'33'.repeat(32)}:0`))).toBeUndefined();
  journal.close();
});
