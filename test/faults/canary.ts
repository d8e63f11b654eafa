import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from '@jest/globals';
import { validatorIds } from '../../devnet/layout.ts';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { validatorName } from '../../domain/network/network.ts';
import { type Hay, leaksIn, rememberedBy, saidBy, writtenBy } from '../../devnet/canary/hay.ts';
import { liveTest } from '../e2e/rig/evidence.ts';
import { done, on } from '../e2e/rig/operator.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { foundIn, type Needle, needlesOf, needlesOfText } from '../../devnet/canary/needles.ts';
import { realNeedles } from './rig/secrets.ts';

/** Secrets stay where they belong: neither the engine's database nor a log, metric, blob or history has one in any form. */
export function canaryScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'canary');

  scene(
    'planted secrets are found in every form in a copy of the database and of a log, and no real one anywhere',
    live,
    async (net) => {
      const share = needlesOf('planted share', randomBytes(32));
      const pin = needlesOfText('planted PIN', randomBytes(12).toString('hex'));
      const planted = [...share, ...pin];
      for (const copy of [plantInDatabase(net, planted), plantInLog(net, planted)]) {
        const found = foundIn(copy.bytes, planted);
        const missed = planted.filter((needle) => !found.includes(needle));
        expect(missed.map(({ secret, form }) => `${copy.name}: ${secret} as ${form}`)).toEqual([]);
      }

      const needles = await realNeedles(net);
      const secrets = new Set(needles.map(({ secret }) => secret));
      const keys = await keysOf(net);
      // However they are kept: every share of every validator is looked for, and so is what opens it.
      for (const id of validatorIds()) {
        const own = [...secrets].filter((name) => name.includes(validatorName(id)));
        const shares = new Set(own.filter((name) => name.startsWith('share of ')).map((name) => name.split(' ')[2]));
        for (const { keyset, participants } of keys)
          expect([id, keyset, shares.has(keyset)]).toEqual([id, keyset, participants.includes(id)]);
        expect([id, own.some((name) => /^(PIN|passphrase) of /.test(name))]).toEqual([id, true]);
      }
      const hays = [...writtenBy(net.layout), ...(await saidBy(net)), ...(await rememberedBy(net.client))];
      const bytes = hays.reduce((sum, hay) => sum + hay.bytes.length, 0);
      process.stdout.write(
        `    ${bytes} bytes read in ${hays.length} files, pages and histories; ${secrets.size} secrets in ${needles.length} forms\n`,
      );
      for (const must of [
        'temporal.db',
        'worker.log',
        'validator.log',
        'metrics of validator 1',
        'metrics of Temporal',
        'payOut/',
      ])
        expect([must, hays.some(({ name, bytes: { length } }) => name.includes(must) && length > 0)]).toEqual([
          must,
          true,
        ]);
      expect(leaksIn(hays, needles)).toEqual([]);
    },
  );
}

/** Every key that was made, by its certificate. */
async function keysOf(net: LiveNetwork): Promise<readonly KeyCertificate['package'][]> {
  const { keys } = (await done(on(net, 'key', 'list'))) as {
    readonly keys: readonly { readonly epoch: number; readonly keyset?: string }[];
  };
  const made = keys.filter(({ keyset }) => keyset !== undefined);
  const shown = await Promise.all(made.map(({ epoch }) => done(on(net, 'key', 'show', String(epoch)))));
  return shown.map(({ certificate }) => (certificate as KeyCertificate).package);
}

/** A row of its own in a copy of the engine's real database: what a leaked payload would be. */
function plantInDatabase({ layout }: LiveNetwork, needles: readonly Needle[]): Hay {
  const copy = join(layout.root, '..', 'planted.db');
  cpSync(layout.temporal.database, copy);
  const database = new DatabaseSync(copy);
  try {
    database.exec('CREATE TABLE planted (form TEXT, value BLOB)');
    const insert = database.prepare('INSERT INTO planted VALUES (?, ?)');
    for (const { form, bytes } of needles) insert.run(form, bytes);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
  return { name: basename(copy), bytes: readFileSync(copy) };
}

function plantInLog({ layout }: LiveNetwork, needles: readonly Needle[]): Hay {
  const lines = readFileSync(layout.coordinator(1).log).toString('latin1').split('\n');
  const half = lines.length >> 1;
  const extra = needles.map(({ bytes }) => `{"level":"info","msg":"planted ${bytes.toString('latin1')}"}`);
  const copy = join(layout.root, '..', 'planted.log');
  writeFileSync(copy, Buffer.from([...lines.slice(0, half), ...extra, ...lines.slice(half)].join('\n'), 'latin1'));
  return { name: basename(copy), bytes: readFileSync(copy) };
}
