import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Network } from '../devnet/network.ts';
import { prometheusSettings } from '../devnet/monitoring/settings.ts';
import { alertmanagerSpec, prometheusSpec } from '../devnet/monitoring/specs.ts';
import { LOOPBACK } from '../devnet/ports.ts';
import { untilReady } from '../devnet/ready.ts';
import { loopbackPort } from '../plugins/testkit/loopback-ports.ts';
import { RECORD_ALERT } from '../workflows/record-alert/messages.ts';
import { streamOf } from './blocks.ts';
import type { Reading, Setting } from './measure.ts';
import { maximum, median } from './statistics.ts';

const ROUNDS = 6;
const READY_MS = 60_000;
const ARRIVES_MS = 30_000;
const LOOK_MS = 50;
const SEED = 'firebreak alert delays';
const ALERT = 'BenchEvent';

/** A metric of our own rises; Prometheus says since when the rule fires, and the record of the alert when it came in. */
export async function alertDelays(
  { runs = ROUNDS, say, signal }: Setting,
  network: Network,
  client: Client,
): Promise<readonly Reading[]> {
  let round = 0;
  // What rose stays up: a resolve of the last alert would come in beside the next one.
  const source = createServer((_request, response) =>
    response.end(Array.from({ length: round }, (_unused, at) => `bench_event{round="${at + 1}"} 1\n`).join('')),
  );
  const port = await loopbackPort();
  source.listen(port, LOOPBACK);
  await once(source, 'listening');
  try {
    await startMonitoring(network, port);
    const random = streamOf(SEED);
    const fires: number[] = [];
    const arrives: number[] = [];
    while (round < Math.min(runs, ROUNDS)) {
      signal.throwIfAborted();
      // At any moment between two scrapes.
      await wait(1_000 * (random(4).readUInt32LE() / 2 ** 32));
      const roseAtMs = Date.now();
      round += 1;
      const [recordedAtMs, firesSinceMs] = await arrival(network, client, String(round), roseAtMs, signal);
      fires.push(firesSinceMs - roseAtMs);
      arrives.push(recordedAtMs - firesSinceMs);
      say(`${round} of ${runs}: fires after ${fires.at(-1)} ms, is recorded ${arrives.at(-1)} ms later`);
    }
    return [
      reading('  before that: Prometheus, until it fires', fires),
      reading('  before that: Alertmanager, until it is recorded', arrives),
    ];
  } finally {
    source.closeAllConnections();
    source.close();
  }
}

const reading = (title: string, ms: readonly number[]): Reading => ({
  title,
  unit: 's',
  result: median(ms) / 1_000,
  detail: `median of ${ms.length} alerts, max ${maximum(ms).toFixed(0)} ms; seed "${SEED}"`,
});

async function startMonitoring(network: Network, port: number): Promise<void> {
  const { layout, ports, tools, supervisor, signal } = network;
  const rules = join(layout.prometheus.dir, 'bench.yaml');
  const rule = { alert: ALERT, expr: 'bench_event > 0', labels: { severity: 'warning' } };
  writeFileSync(rules, JSON.stringify({ groups: [{ name: 'bench', rules: [rule] }] }));
  const settings = {
    ...prometheusSettings(ports),
    rule_files: [rules],
    scrape_configs: [{ job_name: 'bench', static_configs: [{ targets: [`${LOOPBACK}:${port}`] }] }],
  };
  writeFileSync(layout.prometheus.config, JSON.stringify(settings));
  await supervisor.run(alertmanagerSpec(layout, ports, tools.alertmanager));
  await supervisor.run(prometheusSpec(layout, ports, tools.prometheus));
  for (const { what, log, at } of [
    { what: 'Alertmanager', log: layout.alertmanager.log, at: ports.alertmanager },
    { what: 'Prometheus', log: layout.prometheus.log, at: ports.prometheus },
  ])
    await untilReady({ what, log, timeoutMs: READY_MS, signal }, async () =>
      (await fetch(`http://${LOOPBACK}:${at}/-/ready`, { signal: AbortSignal.timeout(2_000) })).ok ? true : undefined,
    );
}

/** When the alert of this round was recorded, and since when it fires, both Unix milliseconds. */
async function arrival(
  { ports }: Network,
  client: Client,
  round: string,
  roseAtMs: number,
  signal: AbortSignal,
): Promise<readonly [recordedAtMs: number, firesSinceMs: number]> {
  const deadline = Date.now() + ARRIVES_MS;
  let firesSinceMs: number | undefined;
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    firesSinceMs ??= await firesSince(ports.prometheus, round);
    const recordedAtMs = await recordedSince(client, roseAtMs);
    if (firesSinceMs !== undefined && recordedAtMs !== undefined) return [recordedAtMs, firesSinceMs];
    await wait(LOOK_MS);
  }
  throw new Error(`the alert of round ${round} did not arrive within ${ARRIVES_MS / 1_000} s`);
}

async function firesSince(port: number, round: string): Promise<number | undefined> {
  const response = await fetch(`http://${LOOPBACK}:${port}/api/v1/alerts`, { signal: AbortSignal.timeout(2_000) });
  const { data } = (await response.json()) as {
    readonly data: { readonly alerts: readonly { labels: Record<string, string>; state: string; activeAt: string }[] };
  };
  const found = data.alerts.find(({ labels, state }) => labels['round'] === round && state === 'firing');
  return found === undefined ? undefined : Date.parse(found.activeAt);
}

/** When the record of our alert began, of those that began since then. */
async function recordedSince(client: Client, atMs: number): Promise<number | undefined> {
  const query = `WorkflowType = '${RECORD_ALERT}' AND StartTime >= '${new Date(atMs).toISOString()}'`;
  for await (const { memo, startTime } of client.workflow.list({ query })) {
    const { alert } = (memo?.['alert'] ?? {}) as { readonly alert?: { readonly name?: string } };
    if (alert?.name === ALERT) return startTime.getTime();
  }
  return undefined;
}
