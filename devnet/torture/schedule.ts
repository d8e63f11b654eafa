import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { NODE_COUNT, signerIds, validatorIds, WORKER_COUNT } from '../layout.ts';
import { type Chance, chanceOf } from './chance.ts';
import { type Fault, type Kind, KINDS, PHASES, type What } from './fault.ts';
import type { Act } from './hostile/acts.ts';

/** Who has which part in a run; everybody else is honest and whole, and may still be killed, paused or cut off. */
export type Cast = {
  /** Five of fifteen: one more and no ten honest ones are left. */
  readonly hostile: readonly ValidatorId[];
  readonly restored: readonly ValidatorId[];
  readonly cloned: readonly ValidatorId[];
  readonly clocks: readonly ValidatorId[];
  /** Lives on a small disk. */
  readonly small: ValidatorId;
};
export type Schedule = { readonly seed: number; readonly cast: Cast; readonly faults: readonly Fault[] };

export const FAULTS_DEFAULT = 44;
const HOSTILE = 5;
const RESTORED = 3;
const CLOCKS = 2;
/** Between the beginnings of two faults. */
const GAP_MS = { least: 1_500, most: 5_000 } as const;
/** A killed Bitcoin node comes back without its chain and gets it from the others. */
const BITCOIN_REST_MS = 15_000;
/** A copy takes its validator out for a minute after its last word. */
const CLONES_MAX = 2;
const CLOCK_SHIFTS_MS = [-3_600_000, -90_000, -5_000, 5_000, 90_000, 3_600_000] as const;

/** Everything that happens to a network follows from the seed: who, what, when and for how long. */
export function scheduleOf(
  seed: number,
  count: number = FAULTS_DEFAULT,
  /** Of a network that runs already; else the seed gives the parts. */
  cast: Cast = castOf(seed),
): Schedule {
  const chance = chanceOf(seed, 'faults');
  const kinds = kindsOf(chance, count);
  const faults: Fault[] = [];
  let atMs = 0;
  let bitcoinMs = Number.NEGATIVE_INFINITY;
  for (const [index, drawn] of kinds.entries()) {
    atMs += chance.between(GAP_MS.least, GAP_MS.most);
    const tooSoon = drawn === 'kill-bitcoin' && atMs - bitcoinMs < BITCOIN_REST_MS;
    const kind = tooSoon ? 'kill-validator' : drawn;
    if (kind === 'kill-bitcoin') bitcoinMs = atMs;
    const aim = chance.pick(PHASES);
    const lastsMs = chance.between(3_000, 8_000);
    faults.push({ ...whatOf(kind, chance, cast), number: index + 1, atMs, lastsMs, aim });
  }
  return { seed, cast, faults };
}

/** Nobody has two parts that need a program or a disk of their own. */
function castOf(seed: number): Cast {
  const chance = chanceOf(seed, 'cast');
  const [hostile, restored, cloned, clocks, small] = dealt(chance.shuffled(signerIds()), [
    HOSTILE,
    RESTORED,
    CLONES_MAX,
    CLOCKS,
    1,
  ]);
  const [only] = small ?? [];
  if (
    hostile === undefined ||
    restored === undefined ||
    cloned === undefined ||
    clocks === undefined ||
    only === undefined
  )
    throw new Error('too few validators for the parts of a run');
  return { hostile, restored, cloned, clocks, small: only };
}

function dealt<T>(from: readonly T[], sizes: readonly number[]): T[][] {
  let at = 0;
  return sizes.map((size) => from.slice(at, (at += size)));
}

/** Every kind comes up as often as every other, but for clones. */
function kindsOf(chance: Chance, count: number): Kind[] {
  const kinds: Kind[] = [];
  let clones = 0;
  while (kinds.length < count) {
    for (const kind of chance.shuffled(KINDS)) {
      if (kind === 'clone') clones += 1;
      if (kinds.length < count) kinds.push(kind === 'clone' && clones > CLONES_MAX ? 'pause' : kind);
    }
  }
  return kinds;
}

const workers = Array.from({ length: WORKER_COUNT }, (_unused, index) => `worker-${index + 1}`);
/** The first node is left alone, so that one always has the whole chain. */
const mortalNodes = Array.from({ length: NODE_COUNT - 1 }, (_unused, index) => `bitcoin-${index + 2}`);

function whatOf(kind: Kind, chance: Chance, cast: Cast): What {
  const all = validatorIds().map(validatorName);
  const everybody = [...all, ...workers];
  const split = (size: number): { readonly side: string[]; readonly other: string[] } => {
    const side = chance.some(all, size);
    return { side, other: everybody.filter((each) => !side.includes(each)) };
  };
  switch (kind) {
    case 'hostile-silent':
    case 'hostile-slow':
    case 'hostile-wrong-partial':
    case 'hostile-other-message':
    case 'hostile-equivocates':
    case 'hostile-leaves': {
      const act = kind.slice('hostile-'.length) as Act;
      return { kind, act, who: chance.some(cast.hostile, chance.between(1, HOSTILE)) } as What;
    }
    case 'kill-worker':
      return { kind, victims: chance.below(4) === 0 ? workers : [chance.pick(workers)] };
    case 'kill-temporal':
      return { kind, victims: ['temporal'] };
    case 'kill-validator':
      return { kind, victims: chance.some(all, chance.between(1, 3)) };
    case 'kill-bitcoin':
      return { kind, victims: [chance.pick(mortalNodes)] };
    case 'pause':
      return { kind, victims: chance.some([...everybody, 'temporal', ...mortalNodes], chance.between(1, 3)) };
    case 'partition-halves': {
      // The workers are on either side, or one on each.
      const side = chance.some(everybody, everybody.length >> 1);
      return { kind, side, other: everybody.filter((each) => !side.includes(each)) };
    }
    case 'partition-minority':
      return { kind, ...split(chance.between(1, 5)) };
    case 'partition-one-way': {
      const { side, other } = split(chance.between(2, 8));
      return chance.below(2) === 0 ? { kind, side, other } : { kind, side: other, other: side };
    }
    case 'slow-links':
    case 'lossy-links':
    case 'dropped-links':
      return { kind, ...split(chance.between(3, 10)) };
    case 'restored-folder':
      return { kind, who: chance.pick(cast.restored) };
    case 'clone':
      return { kind, who: chance.pick(cast.cloned) };
    case 'full-disk':
      return { kind, who: cast.small };
    case 'clock':
      return { kind, who: chance.pick(cast.clocks), shiftMs: chance.pick(CLOCK_SHIFTS_MS) };
    case 'reorg-moved':
    case 'reorg-orphaned':
    case 'reorg-double-spent':
      return { kind, depth: chance.between(1, 6) };
  }
}
