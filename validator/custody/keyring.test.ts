import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { KeysetId, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import type { Journal } from './journal/journal.ts';
import { openJournal } from './journal/open.ts';
import { Keyring } from './keyring.ts';

const [SMALL, LARGE, LATER] = ['0', 'f', '7'].map((digit) => digit.repeat(32) as KeysetId) as [
  KeysetId,
  KeysetId,
  KeysetId,
];
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function newJournal(): Journal {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-keyring-'));
  const journal = openJournal(folder);
  cleanups.push(() => {
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return journal;
}

/** A keyset that has passed its self-test becomes active; all come from key generations that ran at the same time. */
function activate(journal: Journal, keyset: KeysetId, epoch: number): void {
  const key = { keyset, epoch } as PublicKeyPackage;
  journal.keysets.seal({ keyset, epoch, package: key, sealedShare: new Uint8Array([1]), sealedAtMs: 1 });
  journal.keysets.certify(keyset, new Uint8Array([1]));
  journal.keysets.test(keyset, new Uint8Array([1]));
  const keyring = new Keyring(journal);
  const row = keyring.get(keyset);
  if (row !== undefined) keyring.activate(row);
}

const states = (journal: Journal) => journal.keysets.list().map(({ keyset, state }) => [keyset, state]);

test.each([[[SMALL, LARGE]], [[LARGE, SMALL]]])(
  'of two keys of one epoch the one with the smaller id gives addresses, whichever became active first',
  (arrival) => {
    const journal = newJournal();
    for (const keyset of arrival) activate(journal, keyset, 3);
    expect(states(journal)).toEqual([
      [SMALL, 'active'],
      [LARGE, 'draining'],
    ]);
  },
);

test('a later epoch stays active whatever its id', () => {
  const journal = newJournal();
  activate(journal, LATER, 4);
  activate(journal, SMALL, 3);
  expect(states(journal)).toEqual([
    [SMALL, 'draining'],
    [LATER, 'active'],
  ]);
});
