import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { Notifier } from '../domain/ports/notifier.ts';
import { PluginHost } from '../plugins/host.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import type { WatchdogConfig } from './config.ts';
import { watchIncidents } from './incidents.ts';
import { type Look, lookAtApis, lookAtHeartbeats, lookAtTemporal, lookAtWorkers } from './looks.ts';
import { type Memory, outagesOf, recall, remember } from './memory.ts';
import { createWatchdogMetrics, type WatchdogMetrics } from './metrics.ts';
import { looked, NO_OUTAGE, type Outage } from './outage.ts';
import { deliver, newPage, withPage } from './paging.ts';

export type WatchdogOptions = { readonly logger?: Logger; readonly clock?: () => number };

/** What is said when something is lost, by the first word of its name. */
const WORDS: Readonly<Record<string, readonly [title: string, next: string]>> = {
  temporal: [
    'Temporal is gone',
    'Nothing that was started goes on. Freezing needs none of it: npm run firebreak -- order send. Start Temporal.',
  ],
  api: [
    'no api answers',
    'Alerts wait at their senders. Start an api: npm run firebreak -- api run. Look at Alertmanager yourself meanwhile.',
  ],
  workers: [
    'no worker is left',
    'Nothing that was started goes on, and nothing is lost. Start a worker on the task queue.',
  ],
  heartbeat: [
    'a source of alerts fell silent',
    'Prometheus, Alertmanager or the way to the api is broken: silence is not calm.',
  ],
};

type Parts = {
  readonly config: WatchdogConfig;
  readonly connection: Connection;
  readonly notifiers: Readonly<Record<string, Notifier>>;
  readonly memory: Memory;
  readonly outages: Map<string, Outage>;
  readonly logger: Logger;
  readonly metrics: WatchdogMetrics;
  readonly clock: () => number;
  /** When the last round of looks ended. */
  readonly seen: { lookedAtMs: number | undefined };
};

/** What `/health` answers: what it found, for people and `firebreak status`. */
type WatchdogHealth = {
  /** Unix milliseconds; null before the first round. */
  readonly lookedAtMs: number | null;
  /** What counts as lost, by its name: `temporal`, `api`, `workers:<task queue>`, `heartbeat:<source>`. */
  readonly lost: readonly string[];
  /** Pages that somebody was not told of yet, or not told that they are over. */
  readonly pages: number;
  /** Open incidents that it remembers. */
  readonly incidents: number;
};

const healthOf = ({ memory, seen }: Parts): WatchdogHealth => ({
  lookedAtMs: seen.lookedAtMs ?? null,
  lost: Object.keys(memory.lost),
  pages: memory.pages.length,
  incidents: Object.keys(memory.incidents).length,
});

/**
 * Looks until `stop` fires. It asks Temporal whether it is there, and needs it for nothing else that it decides: what it remembers is in a
 * file of its own, and it pages by itself. Throws what the configuration or its plug-ins throw at their start.
 */
export async function runWatchdog(
  config: WatchdogConfig,
  stop: AbortSignal,
  options: WatchdogOptions = {},
): Promise<void> {
  const logger = options.logger ?? createLogger({ name: 'watchdog', level: config.log_level });
  const clock = options.clock ?? Date.now;
  const memory = await recall(config.stateFile);
  const host = new PluginHost();
  const notifiers: Record<string, Notifier> = {};
  for (const [name, choice] of Object.entries(config.channels)) notifiers[name] = await host.use<Notifier>(choice, {});
  const { address, tls, apiKey } = config.temporal;
  const connection = Connection.lazy({ address, tls, ...(apiKey === undefined ? {} : { apiKey }) });
  const metrics = createWatchdogMetrics();
  let server: Server | undefined;
  try {
    await host.start(stop);
    const seen = { lookedAtMs: undefined };
    const outages = outagesOf(memory);
    const parts: Parts = { config, connection, notifiers, memory, outages, logger, metrics, clock, seen };
    server = await serve(config, metrics, () => healthOf(parts));
    logger.info({ channels: Object.keys(notifiers), everySeconds: config.every_seconds }, 'watchdog is looking');
    while (!stop.aborted) {
      await lookOnce(parts);
      await pause(config.every_seconds * 1_000, undefined, { signal: stop }).catch(() => undefined);
    }
  } finally {
    server?.close();
    server?.closeAllConnections();
    await connection.close().catch(() => undefined);
    for (const { plugin, failure } of await host.stop())
      if (failure !== undefined) logger.warn({ plugin, err: failure }, 'plug-in did not stop cleanly');
  }
}

/** One round: look, decide, write down, tell. Written down before it is told, so that a crash in between pages once and not twice. */
async function lookOnce(parts: Parts): Promise<void> {
  const { config, connection, memory, outages, logger, metrics, clock } = parts;
  const nowMs = clock();
  const [engine, apis] = await Promise.all([lookAtTemporal(connection, config), lookAtApis(config)]);
  const workers = await Promise.all(
    config.temporal.task_queues.map((queue) => lookAtWorkers(connection, config, queue, engine, nowMs)),
  );
  const heartbeats = lookAtHeartbeats(config, apis, memory.heartbeats, nowMs);
  for (const look of [engine, apis.look, ...workers, ...heartbeats]) judge(parts, look, nowMs);
  if (engine.fine === true) {
    const found = await watchIncidents(connection, config, memory, logger).catch((error: unknown) => {
      logger.warn({ err: error }, 'open incidents could not be listed');
      return [];
    });
    for (const { id, title, how, done } of found) {
      const page = { what: `incident:${id}`, title: `${title}: ${how}`, body: `${id}\n${done}`, sinceMs: nowMs };
      memory.pages = withPage(memory.pages, newPage({ ...page, over: false, once: true }));
    }
  }
  memory.lost = Object.fromEntries(
    [...outages].flatMap(([what, { lostAtMs }]) => (lostAtMs === undefined ? [] : [[what, lostAtMs]])),
  );
  await write(parts);
  const told = await Promise.all(
    memory.pages.map(async (page) => [page, await deliver(page, parts.notifiers, config, logger, nowMs)] as const),
  );
  memory.pages = told.filter(([, done]) => !done).map(([page]) => page);
  if (told.length > 0) await write(parts);
  for (const what of Object.keys(WORDS))
    metrics.set(
      'firebreak_watchdog_lost',
      Object.keys(memory.lost).filter((lost) => lost.split(':')[0] === what).length,
      { what },
    );
  metrics.set('firebreak_watchdog_pages_open', memory.pages.length);
  metrics.set('firebreak_watchdog_incidents_open', Object.keys(memory.incidents).length);
  parts.seen.lookedAtMs = clock();
  metrics.set('firebreak_watchdog_look_timestamp_seconds', Math.floor(parts.seen.lookedAtMs / 1_000));
}

function judge({ config, memory, outages, logger, metrics }: Parts, { what, fine, why }: Look, nowMs: number): void {
  const kind = what.split(':')[0] ?? what;
  metrics.add('firebreak_watchdog_looks_total', {
    what: kind,
    found: fine === undefined ? 'unknown' : fine ? 'fine' : 'bad',
  });
  if (fine === undefined) return;
  const patience = { lostAfterLooks: config.lost_after_looks, backAfterLooks: config.back_after_looks };
  const { outage, event } = looked(outages.get(what) ?? NO_OUTAGE, fine, nowMs, patience);
  outages.set(what, outage);
  if (event === 'lost') {
    logger.error({ what }, why);
    const [title, next] = WORDS[kind] ?? [what, ''];
    memory.pages = withPage(
      memory.pages,
      newPage({ what, title, body: `${what}: ${why}\n${next}`, sinceMs: nowMs, over: false, once: false }),
    );
  }
  if (event === 'back') {
    logger.info({ what }, why);
    for (const page of memory.pages) if (page.what === what) Object.assign(page, { over: true, tries: 0 });
  }
}

/** A disk that is full must not keep people from being told. */
async function write({ config, memory, logger }: Parts): Promise<void> {
  await remember(config.stateFile, memory).catch((error: unknown) =>
    logger.error({ err: error }, 'what the watchdog knows could not be written; a restart may page again'),
  );
}

async function serve(
  { metrics: listen }: WatchdogConfig,
  metrics: WatchdogMetrics,
  health: () => WatchdogHealth,
): Promise<Server | undefined> {
  const { host, port } = listen;
  if (port === undefined) return undefined;
  const server = createServer((request, response) => {
    if (request.url === '/health')
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(health()));
    if (request.url !== '/metrics') return void response.writeHead(404).end('not here; try /health or /metrics\n');
    return void metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new FirebreakFailure('unavailable.watchdog-listen', `cannot listen on ${host}:${port}: ${error.message}`, {
          port,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  return server;
}
