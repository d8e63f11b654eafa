import { randomBytes } from 'node:crypto';
import type { Key } from '@noble/curves/abstract/frost.js';
import { generateKey } from '../cli/key/generate.ts';
import type { Screen } from '../cli/screen.ts';
import { NETWORK_NAME, THRESHOLD, SIGNER_COUNT } from '../devnet/layout.ts';
import { LOOPBACK } from '../devnet/ports.ts';
import { makeDeposit, makePayout, makeVault } from '../devnet/story.ts';
import { generateKeyId } from '../workflows/generate-key/messages.ts';
import type { Running } from './devnet.ts';
import { emptyActivitiesMs, withEmptyWorker } from './empty-worker.ts';
import { activityTimes, lifeMs, spanMs } from './history.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { bareKeygen, bareSigning } from './noble.ts';
import { comparePairs, median, type Pair } from './statistics.ts';
import { timed } from './timed.ts';

const PAYOUTS = 5;
const KEYS_MAX = 3;
const EMPTY_ACTIVITIES = 5;
const SIGNING_STEPS: readonly string[] = ['askCommitments', 'askPartials', 'finishSigning'];
/** The first rounds of the floor warm compiler and caches; validators and workers have only just started too, but a floor is a floor. */
const WARM_UP = 2;
const FLOOR_ROUNDS = 3;

export const ceremonies: Measure = {
  name: 'ceremonies',
  sharesNetwork: true,
  about:
    `A whole network of ${SIGNER_COUNT} validators, Temporal and two workers on this machine. Signing: from the first question for commitments ` +
    'being scheduled to the completion of the activity that verifies the aggregate. Key generation: the whole run, three rounds, certificate, ' +
    `self-test by all ${SIGNER_COUNT}, activation and evidence. Times are those of the events in the workflows’ histories. Floor: the bare noble calls ` +
    `of the same ceremony in sequence in one process (signing: ${THRESHOLD} of ${SIGNER_COUNT}; key generation: three rounds of ${SIGNER_COUNT}, and ` +
    `the self-test’s signing by all) plus ${EMPTY_ACTIVITIES} empty Temporal activities in sequence on the same server, both measured between the ceremonies.`,
  run: async (setting) => {
    const running = await setting.network();
    return withEmptyWorker(`${LOOPBACK}:${running.network.ports.temporal}`, () => compare(setting, running));
  },
};

type Floor = { readonly noble: number; readonly empty: number };
/** `steps`: milliseconds by type of activity. */
type Ceremony = { readonly ms: number; readonly steps: ReadonlyMap<string, number> };
type Compared = Pair & Floor & { readonly steps: Ceremony['steps'] };

async function compare({ runs = PAYOUTS, say, signal }: Setting, running: Running): Promise<readonly Reading[]> {
  const floor = floorOf(running);
  for (let round = 0; round < WARM_UP; round += 1) await floor.signing();
  const keygens: Compared[] = [];
  for (let epoch = 1; epoch <= Math.min(runs, KEYS_MAX); epoch += 1) {
    signal.throwIfAborted();
    const least = await floor.keygen();
    const { ms, steps } = await generated(running, epoch);
    keygens.push({ result: ms, floor: least.noble + least.empty, ...least, steps });
    say(`key ${epoch}: ${ms.toFixed(0)} ms`);
  }
  const signings: Compared[] = [];
  for (let payout = 1; payout <= runs; payout += 1) {
    signal.throwIfAborted();
    const least = await floor.signing();
    const { ms, steps } = await signed(running);
    signings.push({ result: ms, floor: least.noble + least.empty, ...least, steps });
    say(`payout ${payout}: ${ms.toFixed(0)} ms`);
  }
  return [reading('whole signing ceremony', signings, 'payouts'), reading('whole key generation', keygens, 'keys')];
}

/** The parts of the floor, each the median of a few rounds right before the ceremony that it is compared with. */
function floorOf({ client }: Running) {
  const keys = bareKeygen(SIGNER_COUNT, THRESHOLD);
  let run = 0;
  const empty = async (): Promise<number> => {
    const rounds: number[] = [];
    for (let round = 0; round < FLOOR_ROUNDS; round += 1) {
      run += 1;
      rounds.push(await emptyActivitiesMs(client, EMPTY_ACTIVITIES, run));
    }
    return median(rounds);
  };
  const signingBy = (signers: number): number => medianMs(() => signBare(keys, signers));
  return {
    signing: async (): Promise<Floor> => ({ noble: signingBy(THRESHOLD), empty: await empty() }),
    keygen: async (): Promise<Floor> => ({
      noble: medianMs(() => bareKeygen(SIGNER_COUNT, THRESHOLD)) + signingBy(SIGNER_COUNT),
      empty: await empty(),
    }),
  };
}

const medianMs = (work: () => unknown): number => median(Array.from({ length: FLOOR_ROUNDS }, () => timed(work).ms));

function signBare(keys: readonly Key[], signers: number): Uint8Array {
  const [first] = keys;
  if (first === undefined) throw new Error('a key generation has participants');
  return bareSigning(
    first.public,
    keys.slice(0, signers).map((key) => key.secret),
    randomBytes(32),
  );
}

const silent: Screen = { out: () => undefined, err: () => undefined, colour: false, interactive: false };

async function generated({ network, client }: Running, epoch: number): Promise<Ceremony> {
  await generateKey(silent, {
    data: network.layout.root,
    epoch: String(epoch),
    purpose: 'bench',
    yes: true,
    json: true,
  });
  const history = await client.workflow.getHandle(generateKeyId(NETWORK_NAME, epoch)).fetchHistory();
  return { ms: lifeMs(history), steps: activityTimes(history) };
}

/** A payout like any other: a vault, a deposit, a release. Only its ceremony is measured. */
async function signed({ network, chain, client }: Running): Promise<Ceremony> {
  const vault = await makeVault(network);
  await makeDeposit(network, chain, vault, client);
  const { workflowId } = await makePayout(network, chain, vault, client, false, () => undefined);
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const steps = [...activityTimes(history)].filter(([type]) => SIGNING_STEPS.includes(type));
  return { ms: spanMs(history, 'askCommitments', 'finishSigning'), steps: new Map(steps) };
}

function reading(title: string, pairs: readonly Compared[], what: string): Reading {
  const { result, floor, ratio, ratioQuartiles } = comparePairs(pairs);
  const [low, high] = ratioQuartiles.map((value) => value.toFixed(2));
  const types = [...new Set(pairs.flatMap(({ steps }) => [...steps.keys()]))];
  const step = (type: string): string => `${type} ${median(pairs.map(({ steps }) => steps.get(type) ?? 0)).toFixed(0)}`;
  const part = (name: keyof Floor): string => `${median(pairs.map((pair) => pair[name])).toFixed(0)} ms`;
  return {
    title,
    unit: 'ms',
    result,
    floor,
    ratio,
    target: { of: 'ratio', max: 1.5 },
    detail:
      `${pairs.length} ${what}, ratio from ${low} to ${high} (quartiles); ` +
      `floor: noble ${part('noble')}, ${EMPTY_ACTIVITIES} empty activities ${part('empty')}; ` +
      `of the ceremony, in ms: ${types.map(step).join(', ')}`,
  };
}
