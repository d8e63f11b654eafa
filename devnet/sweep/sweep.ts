import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Chance } from './chance.ts';
import { hasOpen, shotsFor } from './plan.ts';
import { Runs, type Volley, VOLLEYS } from './runs.ts';
import { type SmallNetwork, startSmallNetwork } from './small-network.ts';
import { pointOf, type SweepState } from './state.ts';
import { type Ended, fire, type Pace } from './volley.ts';

export type SweepOptions = {
  readonly seed: number;
  /** Tells lanes of one sweep apart: each has a network and ports of its own. */
  readonly lane: number;
  readonly portBase: number;
  readonly deadlineMs: number;
  /** The sweep is over with so many points, or after so many networks. */
  readonly points: number;
  readonly networksMax?: number;
  /** Runs of one wave. */
  readonly sizes: Readonly<Record<Volley, number>>;
  readonly waves: Readonly<Record<Volley, number>>;
  /** Volleys before the network is made anew: journals, chain and histories stay small. */
  readonly volleysPerNetwork: number;
  /** Every so many volleys, two processes are killed. */
  readonly pairsEvery: number;
  readonly signal: AbortSignal;
  say(line: string): void;
  /** Looks at everything that a network has left, when nothing runs any more. */
  judge(net: SmallNetwork): Promise<void>;
};

/** Runs of one wave, many: each kill meets as many of them as are under way. Keys come one after the other: a later one ends what would be earlier. */
export const SIZES: Readonly<Record<Volley, number>> = {
  generateKey: 1,
  openVault: 12,
  confirmDeposit: 12,
  payOut: 10,
  sweepVaults: 4,
};
/** A wave has a kill of its own and does not wait for the ends of the one before. Keys and sweeps of all vaults come one at a time. */
export const WAVES: Readonly<Record<Volley, number>> = {
  generateKey: 1,
  openVault: 4,
  confirmDeposit: 4,
  payOut: 4,
  sweepVaults: 1,
};
/** Runs begin within the time that one of them takes: then they stand at different steps when the kill comes, and most are under way. */
const SPREAD_MAX_MS = 10_000;

/** What was killed is back after so long, and the next wave may come. */
const BACK_MS = 8_000;

/** So many networks may fail before the sweep is given up: something else is wrong then. */
const FAILED_MAX = 5;

export const countOf = (state: SweepState): number => {
  const { singles, pairs } = state.points();
  return singles.size + pairs.size;
};

/** Goes on until the deadline or the number of points; a network that has failed is left and another one made. */
export async function sweep(state: SweepState, options: SweepOptions): Promise<void> {
  const { deadlineMs, signal, say, networksMax = Number.MAX_SAFE_INTEGER } = options;
  let failed = 0;
  const mayGoOn = (): boolean => Date.now() < deadlineMs && !signal.aborted && countOf(state) < options.points;
  for (let network = 0; network < networksMax && mayGoOn(); network += 1) {
    const root = mkdtempSync(join(tmpdir(), 'firebreak-sweep-'));
    try {
      await onOneNetwork(state, root, network, options);
      rmSync(root, { recursive: true, force: true });
    } catch (error) {
      if (signal.aborted) return;
      failed += 1;
      if (failed > FAILED_MAX) throw error;
      say(`a network ended early, its folder stays: ${root}: ${String((error as Error).stack ?? error)}`);
    }
  }
}

async function onOneNetwork(state: SweepState, root: string, number: number, options: SweepOptions): Promise<void> {
  const { seed, lane, portBase, say, signal, sizes } = options;
  const chance = new Chance(`${seed} ${lane} ${number} ${state.lines.length}`);
  const net = await startSmallNetwork(root, portBase, signal);
  try {
    const runs = new Runs(net);
    const spreadMs = new Map<Volley, number>();
    for (const volley of VOLLEYS) {
      const ended = await undisturbed(state, net, runs, volley, sizes[volley]);
      spreadMs.set(volley, quickOf(ended));
    }
    const mayGoOn = (): boolean =>
      Date.now() < options.deadlineMs && !signal.aborted && countOf(state) < options.points;
    for (let fired = 0; fired < options.volleysPerNetwork && mayGoOn(); fired += 1) {
      const isPair = (fired + 1) % options.pairsEvery === 0;
      const worthIt = isPair ? [] : VOLLEYS.filter((each) => hasOpen(state, each));
      const from = worthIt.length > 0 ? worthIt : VOLLEYS;
      const volley = from[fired % from.length] ?? 'payOut';
      const waves = isPair ? 1 : options.waves[volley];
      const shots = Array.from({ length: waves }, (_unused, wave) =>
        shotsFor(state, chance, { volley, isPair, turn: fired + wave, runs: sizes[volley] }).map((shot) => ({
          ...shot,
          wave,
        })),
      ).flat();
      const startedAt = performance.now();
      const prepared = await runs.prepare(volley, sizes[volley] * waves);
      await net.allReady();
      const pace = paceOf(chance, prepared.length, waves, volley === 'sweepVaults' ? 0 : (spreadMs.get(volley) ?? 0));
      const ended = await fire(net, runs, prepared, shots, pace);
      spreadMs.set(volley, quickOf(ended));
      const differing = record(state, ended);
      const seconds = (performance.now() - startedAt) / 1_000;
      state.add({ kind: 'volley', volley, runs: ended.length, kills: shots.length, seconds });
      const { singles, pairs } = state.points();
      say(
        `lane ${lane}: ${volley} × ${ended.length}, ${shots.map((shot) => pointOf(shot.label, shot.victim)).join(', then ')}: ` +
          `${seconds.toFixed(1)} s; ${singles.size} points with one kill, ${pairs.size} with more` +
          (differing === 0 ? '' : `; ${differing} DIFFER`),
      );
    }
    await options.judge(net);
  } finally {
    await net.stop();
  }
}

function paceOf(chance: Chance, runs: number, waves: number, spreadMs: number): Pace {
  const waveMs = spreadMs + BACK_MS;
  const delaysMs = Array.from({ length: runs }, (_unused, at) => {
    const wave = Math.floor((at * waves) / runs);
    return wave * waveMs + chance.below(spreadMs + 1);
  });
  return { delaysMs, waveMs, spreadMs };
}

/** Once without a kill: which steps there are, and what every run has to come to. */
async function undisturbed(
  state: SweepState,
  net: SmallNetwork,
  runs: Runs,
  volley: Volley,
  count: number,
): Promise<readonly Ended[]> {
  const ended = await fire(net, runs, await runs.prepare(volley, count), []);
  for (const { workflow, steps, outcome } of ended) {
    if ('error' in outcome) throw new Error(`undisturbed ${workflow}: ${String(outcome.error)}`);
    const labels = [...new Set(steps.map(({ label }) => label))];
    const known = state.undisturbed(workflow);
    if (known !== undefined && !isSame(outcome, known.outcome))
      throw new Error(
        `undisturbed ${workflow} came to ${JSON.stringify(outcome)}, and before to ${JSON.stringify(known.outcome)}`,
      );
    if (known === undefined || labels.some((label) => !known.labels.includes(label)))
      state.add({ kind: 'undisturbed', workflow, labels, outcome });
  }
  return ended;
}

/** How long a run takes that nothing keeps waiting: a quarter of them are quicker. */
function quickOf(ended: readonly Ended[]): number {
  const durations = ended.map(({ steps }) => (steps.at(-1)?.atMs ?? 0) - (steps[0]?.atMs ?? 0)).sort((a, b) => a - b);
  return Math.min(durations[Math.floor(durations.length / 4)] ?? 0, SPREAD_MAX_MS);
}

/** What became of the runs of a volley; says how many did not come to what they come to undisturbed. */
export function record(state: SweepState, ended: readonly Ended[]): number {
  let differing = 0;
  for (const { workflow, hits, outcome } of ended) {
    const expected = state.undisturbed(workflow)?.outcome;
    const same = isSame(outcome, expected);
    if (!same) differing += 1;
    if (hits.length === 0 && same) continue;
    state.add({ kind: 'run', workflow, hits: [...hits], ...(same ? {} : { differs: outcome }) });
  }
  return differing;
}

const isSame = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other ?? null)));
