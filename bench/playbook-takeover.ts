import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { runPlaybookFile } from '../cli/playbook/run.ts';
import { NETWORK_NAME } from '../devnet/layout.ts';
import type { Network } from '../devnet/network.ts';
import { silent } from '../devnet/silent.ts';
import { makeKey } from '../devnet/story.ts';
import { incidentId, runOfIncident } from '../workflows/incident/messages.ts';
import { streamOf } from './blocks.ts';
import type { Running } from './devnet.ts';
import { lastWorkerOf, nextStepMs } from './history.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { maximum, quantile } from './statistics.ts';

const KILLS = 12;
/** As many as one list of steps may have. */
const STEPS = 60;
const STEPS_BEFORE = 3;
/** The kill comes at some moment of a step or two. */
const SPREAD_MS = 400;
const LOOK_MS = 50;
const BEGUN_MS = 60_000;
const TAKEOVER_MS = 30_000;
const SEED = 'firebreak playbook takeover';

const PLAYBOOK = [
  'playbook: 1',
  'name: bench-steps',
  'title: Steps without a pause',
  'summary: Asks again and again which validators are live, so that something is always under way.',
  'severity: SEV4',
  'steps:',
  ...Array.from({ length: STEPS }, (_unused, at) => `  - { id: s${at}, summary: Look ${at}, probe: validators.live }`),
].join('\n');

export const playbookTakeover: Measure = {
  name: 'playbook-takeover',
  sharesNetwork: true,
  about:
    `A whole network with two workers; an incident runs a playbook of ${STEPS} probes of all validators, one after the other without a pause. The worker that runs it is killed with SIGKILL at a ` +
    'random moment (seeded); the killed one is started again at once. Result: from the kill to the next step that another worker begins. The server’s and our clock are one.',
  run: async (setting) => {
    const running = await setting.network();
    const file = join(running.network.layout.root, 'bench-steps.yaml');
    writeFileSync(file, PLAYBOOK);
    // The probe counts who has a share of it.
    await makeKey(running.network);
    return readings(await killing(setting, running, file));
  },
};

async function killing({ runs = KILLS, say, signal }: Setting, running: Running, file: string) {
  const { network, client, workers } = running;
  const random = streamOf(SEED);
  const taken: number[] = [];
  for (let kill = 1; kill <= runs; kill += 1) {
    signal.throwIfAborted();
    await workers.ready();
    const key = `bench-steps-${kill}`;
    await open(network, file, key);
    const run = client.workflow.getHandle(runOfIncident(NETWORK_NAME, key));
    const begun = await until(BEGUN_MS, signal, `${key} has not begun`, async () => {
      const history = await run.fetchHistory();
      const { steps, pid } = lastWorkerOf(history);
      return steps >= STEPS_BEFORE && pid !== undefined ? pid : undefined;
    });
    await wait(SPREAD_MS * (random(4).readUInt32LE() / 2 ** 32));
    const pid = lastWorkerOf(await run.fetchHistory()).pid ?? begun;
    const victim = workers.workerOf(pid);
    if (victim === undefined) throw new Error(`process ${pid}, which runs the playbook, is no worker of ours`);
    const sinceMs = Date.now();
    const killed = workers.kill(victim);
    const nextMs = await until(TAKEOVER_MS, signal, 'nobody took the playbook over', async () =>
      nextStepMs(await run.fetchHistory(), sinceMs, pid),
    );
    taken.push((nextMs - (await killed)) / 1_000);
    await ended(client, [incidentId(NETWORK_NAME, key), run.workflowId]);
    say(`kill ${kill} of ${runs}: next step after ${taken.at(-1)?.toFixed(2)} s`);
  }
  return taken;
}

async function open({ layout }: Network, file: string, key: string): Promise<void> {
  const { data, lines } = await runPlaybookFile(silent, file, {
    data: layout.root,
    catalogue: join(layout.playbooks, 'catalogue.yaml'),
    library: layout.playbooks,
    input: [],
    order: [],
    key,
    yes: true,
    json: true,
  });
  if (data['incident'] === undefined) throw new Error(`the playbook was refused: ${lines.join('; ')}`);
}

async function until<T>(
  timeoutMs: number,
  signal: AbortSignal,
  otherwise: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let why = '';
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined) return found;
      why = '';
    } catch (error) {
      why = `: ${error instanceof Error ? error.message : String(error)}`; // the run is not there yet, or the engine is busy
    }
    await wait(LOOK_MS);
  }
  throw new Error(`${otherwise} after ${timeoutMs / 1_000} s${why}`);
}

const ended = (client: Client, ids: readonly string[]): Promise<unknown> =>
  Promise.all(
    ids.map((id) =>
      client.workflow
        .getHandle(id)
        .terminate('the measure is over')
        .catch(() => undefined),
    ),
  );

function readings(taken: readonly number[]): readonly Reading[] {
  const at = (rank: number): string => `${quantile(taken, rank).toFixed(2)} s`;
  return [
    {
      title: 'takeover of a running playbook, p99',
      unit: 's',
      result: quantile(taken, 0.99),
      target: { of: 'result', max: 3 },
      detail: `${taken.length} kills, p50 ${at(0.5)}, p90 ${at(0.9)}, max ${maximum(taken).toFixed(2)} s; seed "${SEED}"`,
    },
  ];
}
