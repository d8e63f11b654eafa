import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { validatorId } from '../../domain/network/network.ts';
import { Chance } from './chance.ts';
import { shotsFor } from './plan.ts';
import { reportOf } from './report.ts';
import { SweepState } from './state.ts';
import { stepsOf } from './steps.ts';
import { record } from './sweep.ts';
import { VICTIMS } from './volley.ts';

const folder = mkdtempSync(join(tmpdir(), 'sweep-state-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const fresh = (): string => join(folder, `${(files += 1)}.jsonl`);

const OUTCOME = { outcome: 'open' };
/** A sweep that knows two steps of one workflow. */
function begun(file = fresh()): SweepState {
  const state = new SweepState(file);
  state.add({
    kind: 'undisturbed',
    workflow: 'openVault',
    labels: ['run started', 'registerVault ended'],
    outcome: OUTCOME,
  });
  return state;
}
const hit = (label: string, victim: string) => ({ label, victim, own: false });
const ended = (outcome: object, ...hits: ReturnType<typeof hit>[]) => ({
  workflow: 'openVault',
  hits,
  steps: [],
  outcome: outcome as Record<string, unknown>,
});

test('a sweep that was cut off goes on with what it had, without the line that was not finished', () => {
  const file = fresh();
  const state = begun(file);
  record(state, [ended(OUTCOME, hit('run started', 'temporal'))]);
  const whole = readFileSync(file, 'utf8');
  appendFileSync(file, '{"kind":"run","workfl');
  const again = new SweepState(file);
  expect(again.points().singles).toEqual(new Set(['openVault | run started > temporal']));
  expect(readFileSync(file, 'utf8')).toBe(whole);
  record(again, [ended(OUTCOME, hit('run started', 'temporal')), ended(OUTCOME, hit('run started', 'worker-1'))]);
  expect(new SweepState(file).points().singles.size).toBe(2);
});

test('a run that comes to something else breaks the sweep, hit or not; one that no kill met counts for nothing', () => {
  const state = begun();
  expect(record(state, [ended(OUTCOME)])).toBe(0);
  expect([state.runs().length, state.isBroken()]).toEqual([0, false]);
  expect(record(state, [ended({ error: 'it is not over' })])).toBe(1);
  expect([state.runs().length, state.isBroken()]).toEqual([1, true]);
  expect(reportOf(state, 10).join('\n')).toContain('{"error":"it is not over"}');
});

test('a share that follows, a nonce that meets twice, or a solver that misses what was planted breaks the sweep', () => {
  const good = {
    kind: 'verdict',
    requests: 1,
    transcripts: 1,
    commitments: 6,
    reused: 0,
    equations: 3,
    unplaced: 0,
    recovered: 0,
    seededRecovered: 1,
  } as const;
  const brokenBy = (change: Partial<typeof good> | object): boolean => {
    const state = begun();
    state.add({ ...good, ...change });
    return state.isBroken();
  };
  expect([{}, { recovered: 1 }, { reused: 1 }, { seededRecovered: 0 }].map(brokenBy)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test('every step meets every process once before any does twice, and kinds of processes take turns', () => {
  const state = begun();
  const chance = new Chance('of a test');
  const kinds: string[] = [];
  for (let turn = 0; turn < 2 * VICTIMS.length; turn += 1) {
    const [shot] = shotsFor(state, chance, { volley: 'openVault', isPair: false, turn, runs: 3 });
    if (shot === undefined) throw new Error('there are points left');
    kinds.push(shot.victim.replace(/-\d+$/, ''));
    record(state, [ended(OUTCOME, hit(shot.label, shot.victim))]);
  }
  expect(state.points().singles.size).toBe(2 * VICTIMS.length);
  expect(kinds.slice(0, 4)).toEqual(['worker', 'temporal', 'validator', 'bitcoin']);
  const pair = shotsFor(state, chance, { volley: 'openVault', isPair: true, turn: 0, runs: 3 });
  expect(pair).toHaveLength(2);
});

test('what is left to do does not stand in a report as done', () => {
  const state = begun();
  record(state, [ended(OUTCOME, hit('run started', 'temporal'), hit('run started', 'worker-1'))]);
  const page = reportOf(state, 2_000).join('\n');
  expect(page).toContain('1 points of 2000');
  expect(page).toContain('1999 points are missing');
  expect(page).toContain('- `openVault`, 1 of 2: registerVault ended');
});

test('steps of a run are its events and what the journals of its own ceremonies say, in the order of their times', () => {
  const trail = {
    workflowId: 'payOut/of/test',
    history: [
      { label: 'run started', atMs: 1 },
      { label: 'workflow task ended', atMs: 2 },
      { label: 'askPartials scheduled', atMs: 3 },
      { label: 'askPartials ended', atMs: 9 },
      { label: 'workflow task ended 2', atMs: 11 },
    ],
    ceremonies: new Set(['signing-a']),
    phase: undefined,
    closedAtMs: undefined,
  };
  const row = (ceremony: string, by: number, atMs: number) => ({
    ceremony,
    step: 'partial signature',
    by: validatorId(by),
    atMs,
  });
  expect(stepsOf(trail, [row('signing-a', 2, 7), row('signing-b', 3, 6), row('signing-a', 1, 5)])).toEqual([
    { label: 'run started', atMs: 1 },
    { label: 'askPartials scheduled', atMs: 3 },
    { label: 'partial signature 1', by: 1, atMs: 5 },
    { label: 'partial signature 2', by: 2, atMs: 7 },
    { label: 'askPartials ended', atMs: 9 },
    { label: 'workflow task ended 2', atMs: 11 },
  ]);
  expect(stepsOf({ ...trail, closedAtMs: 11 }, []).at(-1)?.label).toBe('askPartials ended');
});
