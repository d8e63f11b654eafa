import {
  GENERATE_KEY,
  type GenerateKeyResult,
  type KeyRef,
  startGenerateKey,
} from '../../workflows/generate-key/messages.ts';
import { patiently, resultOf } from '../engine.ts';
import { NETWORK_NAME } from '../layout.ts';
import type { Ledger } from './ledger.ts';
import { startTorturedNetwork, type TorturedNetwork } from './network.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { SIZE, type Size, storm } from './storm.ts';
import { type Finding, judge } from './verdict/verdict.ts';

export type Result = {
  readonly schedule: Schedule;
  readonly ledger: Ledger;
  readonly findings: readonly Finding[];
  /** Begin of the load. */
  readonly beganAtMs: number;
};

export type RunOptions = {
  readonly seed: number;
  readonly data: string;
  readonly portBase: number | undefined;
  readonly faults: number;
  readonly payouts: number;
  readonly say: (line: string) => void;
  /** Ends everything early. */
  readonly signal: AbortSignal;
};

const ENGINE_MS = 30_000;
const KEY_MS = 120_000;

/** A fresh network, a key, a storm, and what became of everything. */
export async function runSeed({ seed, data, portBase, faults, payouts, say, signal }: RunOptions): Promise<Result> {
  const schedule = scheduleOf(seed, faults);
  const net = await startTorturedNetwork({ data, portBase, seed, cast: schedule.cast });
  const stop = (): void => void net.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    say('the network is up; a key is made');
    const key = await makeKey(net);
    return await Promise.race([runOn(net, key, schedule, { ...SIZE, payouts }, say), stopped(signal)]);
  } finally {
    signal.removeEventListener('abort', stop);
    await net.stop();
  }
}

const stopped = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }),
  );

/** The same on a network that runs, which an earlier run may have used. */
export async function runOn(
  net: TorturedNetwork,
  key: KeyRef,
  schedule: Schedule,
  size: Size,
  say: (line: string) => void,
): Promise<Result> {
  const beganAtMs = Date.now();
  const { ledger, violations } = await storm(net, key, schedule.faults, size, say);
  say('judging what is left');
  return { schedule, ledger, beganAtMs, findings: await judge(net, key, ledger, violations) };
}

export async function makeKey({ live }: TorturedNetwork): Promise<KeyRef> {
  const start = startGenerateKey({ network: NETWORK_NAME, epoch: 1, purpose: 'custody', attemptsMax: 5 });
  const handle = await patiently('starting generateKey', ENGINE_MS, () =>
    live.client.workflow.start(GENERATE_KEY, start),
  );
  const result = await resultOf<GenerateKeyResult>(handle, KEY_MS);
  if (result.outcome === 'active') return result.key;
  throw new Error(`no key was made: ${JSON.stringify(result).slice(0, 500)}`);
}
