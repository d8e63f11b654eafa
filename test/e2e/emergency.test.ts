import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { layout as layoutOf } from '../../devnet/layout.ts';
import { freePortBase } from './rig/free-ports.ts';
import { type Ended, firebreak } from './rig/node-process.ts';

/**
 * The platform's real job on a network of its own, by the one command that shows it. What it prints was looked for in the world: in
 * validators' statements, on the chain, with receivers; here it is held that all of it was there, and that the bundle stands for itself.
 */
const root = mkdtempSync(join(tmpdir(), 'firebreak-emergency-'));
const layout = layoutOf(join(root, 'devnet'));
/** A machine that needs five times as long as usual keeps it; each wait of the demonstration has a bound of its own besides. */
const HUNG_MS = 1_200_000;
let told: Ended;

beforeAll(async () => {
  const base = await freePortBase();
  told = await firebreak(['up', '--once', '--data', layout.root, '--port-base', String(base)], {
    timeoutMs: HUNG_MS,
  });
}, HUNG_MS + 10_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('an emergency', () => {
  test('goes from a stolen folder to payouts under another key, through the death of a worker and of Temporal', () => {
    expect([told.code, told.err]).toEqual([0, '']);
    const { out } = told;
    expect(out).toMatch(/payouts frozen by the standing order: in all 16 validators/);
    expect(out).toMatch(/worker-\d +KILLED with SIGKILL/);
    expect(out).toMatch(/temporal +KILLED with SIGKILL/);
    expect(new Set(out.match(/member-\d\d approved consent/g))).toHaveProperty('size', 7);
    expect(out).toMatch(/a new key without the suspect: key 2 of 15 validators/);
    expect(out).toMatch(/the coins move to it: confirmed/);
    expect(out).toMatch(/payouts again, by a signed lift: obeyed by all 16 validators/);
    for (const measure of ['detect', 'contain', 'recover'])
      expect(out).toMatch(new RegExp(`${measure} +[\\d.]+ (s|min), target +[\\d.]+ (s|min|h)`));
  });

  test('leaves a bundle that a process with two files finds whole, and not one byte of it can be changed', async () => {
    const [name = ''] = readdirSync(layout.evidence);
    const verify = (file: string) =>
      firebreak(['evidence', 'verify', file, '--network', layout.network], { cwd: root });
    const bundle = join(layout.evidence, name);
    expect(await verify(bundle)).toMatchObject({ code: 0, out: expect.stringContaining(': VALID') });
    const forged = join(root, 'forged.json');
    const text = readFileSync(bundle, 'utf8');
    writeFileSync(forged, text.replace('verdict', 'verdicT'));
    expect(await verify(forged)).toMatchObject({ code: 1 });
  });

  test('told people on channels that keep what they hear, and never how to get in', () => {
    const heard = readFileSync(join(layout.receivers.dir, 'pagerduty.jsonl'), 'utf8');
    expect(heard).toMatch(/Payouts are frozen/);
    for (const file of readdirSync(layout.receivers.dir).filter((each) => each.endsWith('.secret')))
      expect(heard).not.toContain(readFileSync(join(layout.receivers.dir, file), 'utf8').trim());
  });
});
