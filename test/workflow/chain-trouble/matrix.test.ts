import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { onServerAlone } from '../rig/suite.ts';
import { cellsOf, type CellWay, DEPTHS, drawn, FATES, nameOf } from './rig/cells.ts';
import { confirmDepositRows } from './rig/deposits.ts';
import { between, type Lane, openLane } from './rig/lane.ts';
import { generateKeyRows, openVaultRows } from './rig/openings.ts';
import { payOutRows } from './rig/payouts.ts';
import { sweepVaultRows, sweepVaultsRows } from './rig/sweeps.ts';
import { tableOf } from './rig/table.ts';

const MATRIX = {
  generateKey: generateKeyRows,
  openVault: openVaultRows,
  confirmDeposit: confirmDepositRows,
  payOut: payOutRows,
  sweepVaults: sweepVaultsRows,
  sweepVault: sweepVaultRows,
};
/** Another draw each time would make a red run of somebody who changed nothing: `FIREBREAK_SEED` draws others, `all` needs none. */
const SEED = Number(process.env['FIREBREAK_SEED'] ?? 1_285_172_909);
/** `all`, or the names of cells as a failure prints them, with commas; absent: every phase, and every fate at every depth, once, drawn by the seed. */
const WANTED = process.env['FIREBREAK_CHAIN_CELLS'];
const LANES = 4;
/** Views and journals grow with the chain; a lane that is old is slow. */
const CELLS_PER_LANE = 20;
const TURNS: readonly number[] = [6, 1, 3, 4, 2, 5];
const ALL_MS = 45 * 60_000;
const CELL_MS = 300_000;
const REPORT = join(import.meta.dirname, '..', '..', '..', 'docs', 'chain-trouble.md');

/** A run of all cells takes long: one that was ended goes on where it was, on whatever machine. Gone when it is whole. */
const SO_FAR = REPORT.replace(/md$/, 'json');

const all = cellsOf(MATRIX);
function endsSoFar(): readonly [string, string][] {
  return existsSync(SO_FAR) ? (JSON.parse(readFileSync(SO_FAR, 'utf8')) as [string, string][]) : [];
}
function keep(ends: ReadonlyMap<string, string>): void {
  writeFileSync(`${SO_FAR}.new`, `${JSON.stringify([...ends], undefined, 1)}\n`);
  renameSync(`${SO_FAR}.new`, SO_FAR);
  writeFileSync(REPORT, reportOf(ends));
}
function chosen(): readonly CellWay[] {
  // A sweep is a rotation and a sweep: more time than a part of `npm test` has, and bounds that a busy machine breaks. `all` has them.
  if (WANTED === undefined)
    return drawn(
      all.filter(({ workflow }) => !workflow.startsWith('sweep')),
      SEED,
    );
  // Every row once before any row twice: a run that is ended early has been everywhere.
  if (WANTED === 'all')
    return all.filter((cell) => 'run' in cell).toSorted((a, b) => TURNS.indexOf(a.depth) - TURNS.indexOf(b.depth));
  const names = WANTED.split(',');
  return all.filter((cell) => names.some((name) => nameOf(cell).startsWith(name)));
}

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

test('the table has every phase of every workflow, every fate and every depth, each with a way or a reason', () => {
  expect(all).toHaveLength(Object.values(MATRIX).flatMap(Object.keys).length * FATES.length * DEPTHS.length);
  for (const cell of all) expect('run' in cell || cell.reason.length > 10).toBe(true);
});

test('what is drawn has every phase and every fate at every depth that can be, whatever the seed', () => {
  for (const seed of [SEED, 1, 2, 3]) {
    const some = drawn(all, seed);
    expect(some.every((cell) => 'run' in cell)).toBe(true);
    expect(new Set(some.map(({ fate, depth }) => `${fate} ${depth}`)).size).toBe(FATES.length * DEPTHS.length);
    const phases = (cells: readonly CellWay[]) => new Set(cells.map(({ workflow, phase }) => `${workflow} ${phase}`));
    expect(phases(some)).toEqual(phases(all.filter((cell) => 'run' in cell)));
    expect(some.length).toBeLessThan(60);
  }
});

test(
  'reorganisations of one to six blocks take no coin twice, and every workflow comes to its end or goes on',
  async () => {
    const ends = new Map<string, string>(WANTED === 'all' ? endsSoFar() : []);
    const broken: string[] = [];
    const queue = chosen().filter((cell) => !ends.has(nameOf(cell)));
    const began = Date.now();
    const count = queue.length + ends.size;
    await Promise.all(Array.from({ length: Math.min(LANES, queue.length) }, () => work(queue, ends, broken)));
    const seconds = Math.round((Date.now() - began) / 1_000);
    const command = `FIREBREAK_CHAIN_CELLS=${broken.map((line) => line.split(' ')[0]).join(',')} node toolchain/jest.mjs test/workflow/chain-trouble`;
    const ran = `${ends.size} of ${count} cells in ${seconds} s, seed ${SEED}`;
    process.stdout.write(`${ran}\n${broken.length > 0 ? `${broken.join('\n')}\nrepeat: ${command}\n` : ''}`);
    if (WANTED !== undefined) process.stdout.write(`${tableOf(all, ends)}\n`);
    if (WANTED === 'all') keep(ends);
    if (WANTED === 'all' && ends.size === count) rmSync(SO_FAR, { force: true });
    expect(broken).toEqual([]);
    expect(ends.size).toBe(count);
  },
  ALL_MS,
);

/** One lane after the other until nothing is left; a cell that broke takes its lane along. */
async function work(queue: CellWay[], ends: Map<string, string>, broken: string[]): Promise<void> {
  let lane: Lane | undefined;
  let old = 0;
  try {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      if (!('run' in cell)) continue;
      if (lane === undefined || old === CELLS_PER_LANE) {
        await lane?.stop();
        lane = await openLane(env);
        old = 0;
      }
      old += 1;
      try {
        await between(lane);
        ends.set(nameOf(cell), await inTime(cell.run(lane, cell.depth, cell.fate)));
        if (WANTED === 'all') keep(ends);
      } catch (error) {
        const stopping = lane;
        lane = undefined;
        const stopped = await stopping.stop().then(
          () => '',
          (why: unknown) => `; its worker: ${String(why)}`,
        );
        broken.push(`${nameOf(cell)} ${error instanceof Error ? error.message : String(error)}${stopped}`);
      }
    }
  } finally {
    await lane?.stop();
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not over after ${CELL_MS} ms`)), CELL_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function reportOf(ends: ReadonlyMap<string, string>): string {
  const count = all.filter((cell) => 'run' in cell).length;
  const still = count - ends.size;
  return `# Reorganisations in every phase of every workflow

Generated by \`FIREBREAK_CHAIN_CELLS=all node toolchain/jest.mjs test/workflow/chain-trouble\` last on ${new Date().toISOString().slice(0, 10)}, on a machine with
${cpus().length} processors (${cpus()[0]?.model.trim() ?? 'unknown'}): ${ends.size} of the ${count} cells that can exist came to their end${still > 0 ? `; ${still} have **not been run to their end yet**, and the same command goes on with them` : ''}.
Real workflows on a Temporal server, five validators as operators run them with journals and chain views of their own, a chain in memory.
In every cell that ran each coin was spent at most once in the chain, and only to the recorded script.
What the words mean, and what happens beyond six blocks: [operations/chain-trouble.md](operations/chain-trouble.md).

${tableOf(all, ends)}
`;
}
