import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { KeysetId, PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { FIRST_OUTPUT as FIRST, releaseOf as release, TestJournals } from '../testkit/journals.ts';
import type { Journal } from './journal.ts';
import { openJournal } from './open.ts';
import { readJournal } from './read.ts';

const journals = new TestJournals();
const open = (folder: string): Journal => journals.open(folder);
const newFolder = (): string => journals.newFolder();
const owners: ChildProcess[] = [];
afterEach(() => {
  for (const owner of owners.splice(0)) owner.kill('SIGKILL');
  journals.dispose();
});

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'nothing was thrown';
  } catch (error) {
    if (error instanceof FirebreakFailure) return error.code;
    throw error;
  }
};

const KEYSET = '0123456789abcdef0123456789abcdef' as KeysetId;
const seal = (journal: Journal): void =>
  journal.keysets.seal({
    keyset: KEYSET,
    epoch: 1,
    package: { keyset: KEYSET, epoch: 1 } as PublicKeyPackage,
    sealedShare: new Uint8Array([1, 2, 3]),
    sealedAtMs: 5,
  });

test('what was released is there after closing and opening again', () => {
  const folder = newFolder();
  const first = open(folder);
  expect(first.releases.commit(release('a'))).toBeUndefined();
  first.close();
  const again = open(folder);
  expect(Buffer.from(again.releases.stored('digest-a' as Digest) ?? []).toString()).toBe('response a');
  expect(again.releases.burnt('commitment-a')?.ceremony).toBe('signing-a');
  expect(again.releases.count()).toBe(1);
});

test('an outpoint stays locked to its first transaction, and the same transaction may lock it again', () => {
  const journal = open(newFolder());
  journal.releases.commit(release('a'));
  expect(journal.releases.commit(release('b'))).toBeUndefined();
  expect(journal.releases.commit(release('c', 'bb'.repeat(32)))).toMatchObject({
    kind: 'outpoint-locked',
    txid: 'aa'.repeat(32),
  });
  expect(journal.releases.burnt('commitment-c')).toBeUndefined();
});

test('a commitment is burnt once', () => {
  const journal = open(newFolder());
  journal.releases.commit(release('a'));
  const reuse = { ...release('b'), commitments: ['commitment-a'] };
  expect(journal.releases.commit(reuse)).toEqual({ kind: 'nonce-burnt', commitment: 'commitment-a' });
  expect(journal.releases.stored('digest-b' as Digest)).toBeUndefined();
});

test('a transaction that would wait writes nothing', () => {
  const journal = open(newFolder());
  expect(codeOf(() => journal.atOnce(async () => journal.releases.commit(release('a'))))).toBe('bug.journal');
  expect(journal.releases.locksOn(FIRST)).toEqual([]);
});

test('a release with a repeated commitment is written not at all, and the journal goes on', () => {
  const journal = open(newFolder());
  const twice = { ...release('a'), commitments: ['same', 'same'] };
  expect(codeOf(() => journal.releases.commit(twice))).toBe('bug.journal');
  expect(journal.releases.locksOn(FIRST)).toEqual([]);
  expect(journal.releases.commit(release('b'))).toBeUndefined();
});

test('a key package moves only along its states', () => {
  const journal = open(newFolder());
  seal(journal);
  expect(codeOf(() => journal.keysets.move(KEYSET, 'active'))).toBe('conflict.keyset-state');
  journal.keysets.certify(KEYSET, new Uint8Array([9]));
  journal.keysets.test(KEYSET, new Uint8Array([8]));
  journal.keysets.move(KEYSET, 'active');
  expect(journal.keysets.get(KEYSET)).toMatchObject({ state: 'active', epoch: 1, sealedAtMs: 5 });
});

test('refusals and steps keep only the newest', () => {
  const journal = open(newFolder());
  for (let n = 0; n < 3; n += 1) journal.steps.record(`signing-${n}`, 'accepted', n);
  journal.steps.record('signing-0', 'released', 9, 'aa');
  expect(journal.steps.ceremonies(2)).toEqual(['signing-0', 'signing-2']);
  expect(journal.steps.of('signing-0').map((step) => step.step)).toEqual(['accepted', 'released']);
});

test('who looks at a journal from outside is told each step once, in order, while its owner goes on writing', () => {
  const folder = newFolder();
  const journal = open(folder);
  const reader = readJournal(join(folder, 'journal.sqlite'));
  expect([reader.steps.last(), reader.steps.after(0)]).toEqual([0, []]);
  journal.steps.record('signing-0', 'accepted', 7);
  const first = reader.steps.last();
  journal.steps.record('signing-1', 'accepted', 8);
  journal.steps.record('signing-0', 'released', 9);
  expect(reader.steps.after(first)).toEqual([
    { number: first + 1, ceremony: 'signing-1', step: 'accepted', atMs: 8 },
    { number: first + 2, ceremony: 'signing-0', step: 'released', atMs: 9 },
  ]);
  reader.close();
});

test('a second agent on the folder is refused, in this process and in another', async () => {
  const folder = newFolder();
  const journal = open(folder);
  expect(codeOf(() => openJournal(folder))).toBe('conflict.journal-in-use');
  const other = spawnSync(process.execPath, ['--input-type=module', '-e', script(folder, '')], { encoding: 'utf8' });
  expect(other.stdout).toContain('conflict.journal-in-use');
  journal.close();
  expect(codeOf(() => open(folder).steps.of('x'))).toBe('nothing was thrown');
});

test('a killed owner leaves no stale lock, and a stopped owner neither loses it nor blocks readers', async () => {
  const folder = newFolder();
  const owner = await startOwner(folder, 'setInterval(() => {}, 1e6);');
  owner.kill('SIGSTOP');
  expect(codeOf(() => openJournal(folder))).toBe('conflict.journal-in-use');
  const reader = readJournal(join(folder, 'journal.sqlite'));
  expect(reader.steps.of('signing-a')).toMatchObject([{ step: 'accepted', atMs: 7 }]);
  reader.close();
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(open(folder).steps.of('signing-a')).toHaveLength(1);
});

test('a reader sees the steps of an open journal as they happen', () => {
  const folder = newFolder();
  const journal = open(folder);
  const reader = readJournal(journal.file);
  journal.releases.commit(release('a'));
  journal.steps.record('signing-a', 'released', 3);
  expect(reader.steps.of('signing-a')).toHaveLength(1);
  expect(reader.locks()).toHaveLength(1);
  expect(reader.burntNonces()[0]?.commitment).toBe('commitment-a');
  reader.close();
});

test('every single flipped byte in the stored rows is noticed at open', () => {
  const folder = newFolder();
  const journal = open(folder);
  seal(journal);
  journal.releases.commit(release('a'));
  journal.steps.record('signing-a', 'released', 3);
  journal.close();
  const file = join(folder, 'journal.sqlite');
  const healthy = readFileSync(file);
  const rows = ['commitment-a', 'digest-a', 'response a', '"keyset"', 'released', '1111111111'].map((text) =>
    healthy.indexOf(text),
  );
  for (const at of rows) {
    expect(at).toBeGreaterThan(0);
    const bytes = Buffer.from(healthy);
    bytes[at] = (bytes[at] ?? 0) ^ 0x04;
    writeFileSync(file, bytes);
    expect([at, codeOf(() => open(folder))]).toEqual([at, 'policy.journal-damaged']);
  }
  writeFileSync(file, healthy);
  expect(open(folder).releases.count()).toBe(1);
});

test('a removed journal, an older copy and a removed watermark are refused', () => {
  const folder = newFolder();
  const file = join(folder, 'journal.sqlite');
  const mark = join(folder, 'journal.mark');
  open(folder).close();
  copyFileSync(file, join(folder, 'old'));
  const journal = open(folder);
  journal.releases.commit(release('a'));
  journal.close();
  copyFileSync(file, join(folder, 'new'));

  copyFileSync(join(folder, 'old'), file);
  expect(codeOf(() => open(folder))).toBe('policy.journal-damaged');
  rmSync(file);
  expect(codeOf(() => open(folder))).toBe('policy.journal-damaged');
  copyFileSync(join(folder, 'new'), file);
  const bytes = readFileSync(mark);
  rmSync(mark);
  expect(codeOf(() => open(folder))).toBe('policy.journal-damaged');
  writeFileSync(mark, bytes);
  expect(open(folder).releases.count()).toBe(1);
});

test('a write-ahead log that lost its tail after a crash is refused', async () => {
  const folder = newFolder();
  const work = `journal.releases.commit(${JSON.stringify({ ...release('a'), response: [] })}); setInterval(() => {}, 1e6)`;
  const owner = await startOwner(folder, work);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const log = join(folder, 'journal.sqlite-wal');
  const last = openSync(log, 'r+');
  writeSync(last, Buffer.from([0xff]), 0, 1, statSync(log).size - 2000);
  closeSync(last);
  expect(codeOf(() => open(folder))).toBe('policy.journal-damaged');
});

test('a journal of a newer build and a foreign database are refused', () => {
  const folder = newFolder();
  const file = open(folder).file;
  journals.closeAll();
  execFileSync(process.execPath, [
    '-e',
    `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(file)}).exec('PRAGMA user_version=99')`,
  ]);
  expect(codeOf(() => open(folder))).toBe('policy.journal-newer');
  const other = newFolder();
  writeFileSync(join(other, 'journal.sqlite'), 'this is a letter, not a database'.repeat(100));
  expect(codeOf(() => open(other))).toBe('policy.journal-damaged');
});

test('a closed journal answers nothing', () => {
  const journal = open(newFolder());
  journal.close();
  expect(codeOf(() => journal.releases.commit(release('a')))).toBe('unavailable.journal-closed');
});

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const canMount = isRoot && mountSmallDisk((folder) => folder !== undefined);
(canMount ? test : test.skip)(
  'on a full disk nothing is released, and it goes on when there is space again (needs root for a small tmpfs)',
  () => {
    mountSmallDisk((folder) => {
      if (folder === undefined) throw new Error('mount failed');
      const journal = openJournal(folder);
      const filler = join(folder, 'filler');
      fillDisk(filler);
      let code = 'nothing was thrown';
      let last = 0;
      // Space that the log holds already may still take a few writes.
      for (let n = 0; n < 500 && code === 'nothing was thrown'; n += 1) {
        last = n;
        code = codeOf(() => journal.releases.commit(release(`full-${n}`)));
      }
      expect(code).toBe('unavailable.journal-full');
      expect(journal.releases.stored(`digest-full-${last}` as Digest)).toBeUndefined();
      rmSync(filler);
      expect(journal.releases.commit(release(`full-${last}`))).toBeUndefined();
      journal.close();
      const again = openJournal(folder);
      expect(again.releases.count()).toBe(last + 1);
      again.close();
      return true;
    });
  },
);

function mountSmallDisk(use: (folder: string | undefined) => boolean): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-small-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
  try {
    return use(mounted ? folder : undefined);
  } finally {
    journals.closeAll();
    if (mounted) spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function fillDisk(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(4096));
  } catch {
    return; // no space left: that was the aim
  } finally {
    closeSync(descriptor);
  }
}

async function startOwner(folder: string, then: string): Promise<ChildProcess> {
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script(folder, then)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  owners.push(owner);
  await once(owner.stdout, 'data');
  return owner;
}

/** A process that owns the folder, writes one step and says so. */
function script(folder: string, then: string): string {
  return `
    import { openJournal } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
    try {
      const journal = openJournal(${JSON.stringify(folder)});
      journal.steps.record('signing-a', 'accepted', 7);
      ${then.replace(/"response":\[\]/, '"response":new Uint8Array(0)')}
      console.log('ready');
    } catch (error) { console.log(error.code); process.exit(1); }`;
}
