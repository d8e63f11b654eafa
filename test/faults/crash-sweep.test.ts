import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { VALIDATORS } from '../../devnet/sweep/small-network.ts';
import { SweepState } from '../../devnet/sweep/state.ts';
import { sweep } from '../../devnet/sweep/sweep.ts';
import { VOLLEYS } from '../../devnet/sweep/runs.ts';
import { secretsIn } from '../../devnet/verdict/secrets.ts';
import { freePortBase } from '../e2e/rig/free-ports.ts';

/** Other points each time; the whole of them is `npm run sweep`, and what it found stands in docs/crash-sweep.md. */
const seed = Number(process.env['FIREBREAK_SWEEP_SEED'] ?? Date.now() % 1_000_000);
/** Bounds what hangs; a quiet machine needs a minute. */
const HUNG_MS = 480_000;
const folder = mkdtempSync(join(tmpdir(), 'crash-sweep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const say = (line: string): void => void process.stdout.write(`    ${line}\n`);

test(
  'wherever a process of a small network is killed, once or twice, every run comes to what it comes to undisturbed, and no share follows from all that was said',
  async () => {
    say(`FIREBREAK_SWEEP_SEED=${seed}`);
    const state = new SweepState(join(folder, 'state.jsonl'));
    await sweep(state, {
      seed,
      lane: 0,
      portBase: await freePortBase(),
      deadlineMs: Date.now() + HUNG_MS,
      points: 1_000,
      networksMax: 1,
      sizes: { generateKey: 1, openVault: 4, confirmDeposit: 4, payOut: 4, sweepVaults: 2 },
      waves: { generateKey: 1, openVault: 1, confirmDeposit: 1, payOut: 1, sweepVaults: 1 },
      volleysPerNetwork: VOLLEYS.length,
      pairsEvery: 2,
      signal: new AbortController().signal,
      say,
      judge: async ({ layout }) => {
        state.add({ kind: 'verdict', ...secretsIn(layout, VALIDATORS, 'regtest') });
      },
    });
    expect(state.runs().filter(({ differs }) => differs !== undefined)).toEqual([]);
    const { singles, pairs } = state.points();
    say(`${singles.size} points with one kill, ${pairs.size} with two`);
    // A kill meets nobody when all runs are over before it; not every time.
    expect(singles.size + pairs.size).toBeGreaterThan(3);
    const hits = state.runs().flatMap((run) => run.hits);
    expect(new Set(hits.map(({ victim }) => victim.replace(/-\d+$/, ''))).size).toBeGreaterThan(1);
    const verdict = state.lines.find((line) => line.kind === 'verdict');
    expect(verdict).toMatchObject({ reused: 0, recovered: 0, unplaced: 0, seededRecovered: 1 });
    expect(verdict?.kind === 'verdict' && verdict.equations).toBeGreaterThan(50);
  },
  HUNG_MS,
);
