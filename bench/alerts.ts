import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'smol-toml';
import { alertmanagerBody, asAlertmanager, type SentAlert } from '../api/testkit/delivering.ts';
import { type Network, startTemporal, startWorkers } from '../devnet/network.ts';
import { LOOPBACK } from '../devnet/ports.ts';
import { alertsSpec } from '../devnet/processes.ts';
import { getJson, untilReady } from '../devnet/ready.ts';
import { connectClient } from '../devnet/story.ts';
import type { Client } from '@temporalio/client';
import { alertDelays } from './alert-delays.ts';
import { incidentReadings } from './alert-incidents.ts';
import { withNetwork } from './devnet.ts';
import { inFlight, perSecond, type Storm } from './in-flight.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { comparePairs, quantile } from './statistics.ts';

const PAIRS = 5;
const ALERTS = 200;
const TOGETHER = 16;
const WARM_UP = 50;
const API_MS = 60_000;
/** 0.7 of the rate is 1 / 0.7 of the time. */
const RATE_MIN = 0.7;
const TIME_MAX = 1.43;

export const alerts: Measure = {
  name: 'alerts',
  about:
    `The api of a network, its Temporal, and no worker. Result: ${ALERTS} distinct alerts in Alertmanager’s form, one a delivery, ${TOGETHER} under way at any time, until each is ` +
    'answered with 200, which is after its execution exists. Floor: as many bare starts of a workflow without input from this process on the same server, right before. ' +
    'Then with two workers: one alert at a time, from its POST until the incident that answers it can be read with every worker dead (the end of its first workflow task, by the server’s ' +
    'clock). Apart from that, what stands before the POST: Prometheus (scrape and evaluation every second, no `for`) and Alertmanager (group_wait one second), as the devnet sets them.',
  run: (setting) =>
    withNetwork(setting, async (network) => {
      allowStorms(network.layout.alerts.config);
      await startTemporal(network);
      await startApi(network);
      const { client, close } = await connectClient(network);
      try {
        const accepted = await acceptance(setting, network, client);
        await startWorkers(network);
        setting.say('workers are up');
        return [
          ...accepted,
          ...(await incidentReadings(setting, network, client, deliver)),
          ...(await alertDelays(setting, network, client)),
        ];
      } finally {
        await close();
      }
    }),
};

/** What is measured is the way and not its limit. */
function allowStorms(config: string): void {
  const settings = parse(readFileSync(config, 'utf8'));
  const sources = settings['sources'] as Record<string, Record<string, unknown>>;
  for (const source of Object.values(sources)) source['deliveries_per_minute'] = 100_000;
  writeFileSync(config, stringify(settings));
}

async function startApi({ layout, ports, supervisor, signal }: Network): Promise<void> {
  await supervisor.run(alertsSpec(layout));
  await untilReady({ what: 'the alert intake', log: layout.alerts.log, timeoutMs: API_MS, signal }, async () =>
    (await getJson(`http://${LOOPBACK}:${ports.alertsMetrics}/health`))['ready'] === true ? true : undefined,
  );
}

/** One delivery of one alert; throws for anything but a yes. Gives the name of its record. */
async function deliver({ layout, ports }: Network, alert: SentAlert): Promise<string> {
  const token = readFileSync(layout.alerts.secret('prometheus'), 'utf8').trim();
  const answer = await asAlertmanager(`http://${LOOPBACK}:${ports.alerts}`, alertmanagerBody([alert]), token);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the api answered ${answer.status}: ${text.slice(0, 300)}`);
  const [recorded] = (JSON.parse(text) as { readonly recorded: readonly { readonly id: string }[] }).recorded;
  if (recorded === undefined) throw new Error('the api recorded nothing');
  return recorded.id;
}

/** The workers that start now have nothing to do with them. */
const forget = (client: Client, ids: readonly string[]): Promise<Storm> =>
  inFlight(ids.length, TOGETHER, (at) => client.workflow.getHandle(ids[at] ?? '').terminate('the measure is over'));

async function acceptance(
  { runs = PAIRS, say, signal }: Setting,
  network: Network,
  client: Client,
): Promise<readonly Reading[]> {
  const recorded: string[] = [];
  const post = (round: number, count: number): Promise<Storm> =>
    inFlight(count, TOGETHER, async (at) => {
      recorded.push(await deliver(network, { id: `bench-${round}-${at}`, name: 'Strange' }));
    });
  const start = (round: number, count: number): Promise<Storm> =>
    inFlight(count, TOGETHER, (at) =>
      client.workflow.start('nobody', {
        workflowId: `bench/start/${round}/${at}`,
        taskQueue: 'bench-nobody',
        args: [],
      }),
    );
  await start(0, WARM_UP);
  await post(0, WARM_UP);
  const pairs: { readonly ours: Storm; readonly bare: Storm }[] = [];
  for (let round = 1; round <= runs; round += 1) {
    signal.throwIfAborted();
    const bare = await start(round, ALERTS);
    const ours = await post(round, ALERTS);
    pairs.push({ ours, bare });
    say(`${round} of ${runs}: ${perSecond(ours).toFixed(0)} alerts/s, ${perSecond(bare).toFixed(0)} starts/s`);
  }
  await forget(client, recorded);
  const rates = comparePairs(pairs.map(({ ours, bare }) => ({ result: perSecond(ours), floor: perSecond(bare) })));
  const slow = ({ ms }: Storm): number => quantile(ms, 0.99);
  const times = comparePairs(pairs.map(({ ours, bare }) => ({ result: slow(ours), floor: slow(bare) })));
  const detail = (quartiles: readonly number[]): string =>
    `${pairs.length} pairs of ${ALERTS}, ${TOGETHER} at a time, ratio from ${quartiles.map((value) => value.toFixed(2)).join(' to ')} (quartiles); floor: bare starts`;
  return [
    {
      title: 'alerts accepted',
      unit: '/s',
      result: rates.result,
      floor: rates.floor,
      ratio: rates.ratio,
      target: { of: 'ratio', min: RATE_MIN },
      detail: detail(rates.ratioQuartiles),
    },
    {
      title: '  until one is accepted, p99',
      unit: 'ms',
      result: times.result,
      floor: times.floor,
      ratio: times.ratio,
      target: { of: 'ratio', max: TIME_MAX },
      detail: `${detail(times.ratioQuartiles)}; p50 ${quantile(
        pairs.flatMap(({ ours }) => ours.ms),
        0.5,
      ).toFixed(0)} ms over ${quantile(
        pairs.flatMap(({ bare }) => bare.ms),
        0.5,
      ).toFixed(0)} ms`,
    },
  ];
}
