import { setTimeout as wait } from 'node:timers/promises';
import { NETWORK_NAME } from '../devnet/layout.ts';
import { makeKey, makeVault } from '../devnet/story.ts';
import { confirmDepositId } from '../workflows/confirm-deposit/messages.ts';
import { streamOf } from './blocks.ts';
import type { Running } from './devnet.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { type PendingAttempt, pendingAttempt } from './pending.ts';
import { maximum, quantile } from './statistics.ts';

const KILLS = 20;
const LOOK_MS = 20;
const BEAT_MS = 400;
const BEATING_MS = 30_000;
const TAKEOVER_MS = 30_000;
const SEED = 'firebreak takeover';

export const takeover: Measure = {
  name: 'takeover',
  sharesNetwork: true,
  about:
    'A whole network with two workers; the durable process of a deposit watches its vault in an activity that heartbeats. The worker that runs it is ' +
    'killed with SIGKILL, at a random moment between two heartbeats (seeded), once its twin is ready; the killed one is started again at once. ' +
    'Result: from the kill to the next heartbeat that Temporal receives from the other worker. The server’s and our clock are one.',
  run: async (setting) => killing(setting, await setting.network()),
};

async function killing(setting: Setting, running: Running): Promise<readonly Reading[]> {
  const { runs = KILLS, say, signal } = setting;
  const { workers } = running;
  await makeKey(running.network);
  const { vault } = await makeVault(running.network);
  const workflowId = confirmDepositId(NETWORK_NAME, vault);
  const random = streamOf(SEED);
  const attempts: number[] = [];
  const beats: number[] = [];
  for (let kill = 1; kill <= runs; kill += 1) {
    signal.throwIfAborted();
    await workers.ready();
    const before = await until(running, workflowId, BEATING_MS, signal, (now) => now.beatAtMs !== undefined);
    await wait(BEAT_MS * (random(4).readUInt32LE() / 2 ** 32));
    const victim = workers.workerOf(before.pid);
    if (victim === undefined) throw new Error(`process ${before.pid}, which runs the activity, is no worker of ours`);
    const killed = workers.kill(victim);
    const taken = await until(
      running,
      workflowId,
      TAKEOVER_MS,
      signal,
      ({ pid, beatAtMs }) => pid !== before.pid && beatAtMs !== undefined,
    );
    const atMs = await killed;
    attempts.push((taken.startedAtMs - atMs) / 1_000);
    beats.push(((taken.beatAtMs ?? 0) - atMs) / 1_000);
    say(`kill ${kill} of ${runs}: next heartbeat after ${(beats.at(-1) ?? 0).toFixed(2)} s`);
  }
  const spread = (samples: readonly number[]): string =>
    `p50 ${quantile(samples, 0.5).toFixed(2)} s, p99 ${quantile(samples, 0.99).toFixed(2)} s, max ${maximum(samples).toFixed(2)} s`;
  const p99: Reading = {
    title: 'takeover after SIGKILL, p99',
    unit: 's',
    result: quantile(beats, 0.99),
    target: { of: 'result', max: 3 },
    detail: `${beats.length} kills, to the next heartbeat: ${spread(beats)}; to the start of the next attempt: ${spread(attempts)}; seed "${SEED}"`,
  };
  const p50: Reading = {
    title: '  takeover after SIGKILL, p50',
    unit: 's',
    result: quantile(beats, 0.5),
    detail: 'the same kills',
  };
  return [p99, p50];
}

/** Looks until the running attempt is as wanted. Throws after `timeoutMs`. */
async function until(
  { client }: Running,
  workflowId: string,
  timeoutMs: number,
  signal: AbortSignal,
  wanted: (attempt: PendingAttempt) => boolean,
): Promise<PendingAttempt> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    const attempt = await pendingAttempt(client, workflowId);
    if (attempt !== undefined && wanted(attempt)) return attempt;
    await wait(LOOK_MS);
  }
  throw new Error(`no worker heartbeats for ${workflowId} after ${timeoutMs / 1_000} s`);
}
