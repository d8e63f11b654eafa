import { cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from '@jest/globals';
import { validatorId, validatorName } from '../../domain/network/network.ts';
import { readJournal } from '../../validator/custody/journal/read.ts';
import { liveTest } from '../e2e/rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { runEntry } from '../e2e/rig/node-process.ts';
import { chance } from '../e2e/rig/seed.ts';
import { isReady, untilAll } from '../e2e/rig/validator-http.ts';

const VICTIM = validatorId(9);
const JOURNAL = 'journal.sqlite';
const WAL = 'journal.sqlite-wal';

/** The folder of a validator that has signed, as a crash left it, and then as a bad disk or a careless hand would. */
export function damageScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'damage');
  const { below } = chance('damage');

  const flip = (file: string, from: number, length: number): void => {
    const bytes = readFileSync(file);
    const at = from + below(length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    writeFileSync(file, bytes);
  };
  /** Where the newest sealed share stands: in the database or still in its log. */
  const flipShare = (folder: string): void => {
    const journal = readJournal(join(folder, JOURNAL));
    const share = Buffer.from(journal.keysets.list().at(-1)?.sealedShare ?? []);
    journal.close();
    expect(share.length).toBeGreaterThan(32);
    const holding = [JOURNAL, WAL]
      .map((name) => join(folder, name))
      .filter((file) => existsSync(file) && readFileSync(file).includes(share));
    expect(holding).not.toEqual([]);
    for (const file of holding) flip(file, readFileSync(file).indexOf(share), share.length);
  };
  /** With its log written back first: what the log still holds whole, a cut of the database does not hurt. */
  const cutJournal = (folder: string): void => {
    const file = join(folder, JOURNAL);
    const database = new DatabaseSync(file);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    truncateSync(file, below(statSync(file).size));
  };
  const cases: readonly (readonly [string, string, (folder: string) => void])[] = [
    ['one bit of the sealed share', 'policy.journal-damaged', flipShare],
    ['a journal cut short', 'policy.journal-damaged', cutJournal],
    [
      'a lost journal',
      'policy.journal-damaged',
      (folder) => [JOURNAL, WAL].forEach((name) => rmSync(join(folder, name), { force: true })),
    ],
    ['a lost watermark', 'policy.journal-damaged', (folder) => rmSync(join(folder, 'journal.mark'))],
    [
      'one bit of the identity',
      'policy.sealed-damaged',
      (folder) => flip(join(folder, 'identity.sealed'), 0, statSync(join(folder, 'identity.sealed')).size),
    ],
    [
      'the passphrase of a neighbour',
      'input.keystore-pin',
      (folder) => {
        const passphrase = join(folder, 'keystore.secret');
        rmSync(passphrase);
        writeFileSync(passphrase, `${'0'.repeat(64)}\n`, { mode: 0o400 });
      },
    ],
  ];

  scene(
    'a damaged copy of a data folder that has signed is refused by name, and the folder itself goes on',
    live,
    async (net) => {
      const { dir } = net.layout.validator(VICTIM);
      await net.supervisor.hold(validatorName(VICTIM));
      try {
        for (const [name, code, damage] of cases) {
          const copy = `${dir}-copy`;
          cpSync(dir, copy, { recursive: true });
          try {
            damage(copy);
            const ended = await runEntry('validator/main.ts', ['run', '--config', join(copy, 'validator.toml')], {
              timeoutMs: 90_000,
            });
            expect([name, ended.code === 0, ended.err]).toEqual([name, false, expect.stringContaining(code)]);
          } finally {
            rmSync(copy, { recursive: true, force: true });
          }
        }
      } finally {
        net.supervisor.release(validatorName(VICTIM));
      }
      await untilAll(net, 'ready again', isReady, 60_000, [VICTIM]);
    },
  );
}
