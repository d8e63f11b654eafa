import type { FastifyInstance } from 'fastify';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { Unfit } from '../domain/alert/match.ts';
import type { AlertSource } from '../domain/ports/alert-source.ts';
import type { BlobStore } from '../domain/ports/blob-store.ts';
import { PluginHost } from '../plugins/host.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import type { ApiConfig } from './config.ts';
import { type AlertStore, temporalEngine } from './engine.ts';
import { createReading } from './incidents.ts';
import { createIntake, type Intake } from './intake.ts';
import { createApiMetrics } from './metrics.ts';
import { readPlaybooks, shelve, signedAnew, signedBy } from './playbooks.ts';
import { Rates } from './rates.ts';
import { LOOK_MS, replanning } from './replanning.ts';
import { createServer } from './server.ts';
import { createStatusServer, type Health } from './status.ts';
import { readTls } from './tls.ts';

export type RunningApi = {
  /** Base addresses, without a path. */
  readonly url: string;
  readonly statusUrl: string;
  stop(): Promise<void>;
};
export type ApiOptions = {
  readonly logger?: Logger;
  readonly store?: AlertStore;
  readonly clock?: () => number;
  /** How often the files of playbooks are looked at. */
  readonly lookMs?: number;
};

/** The whole wiring of the api; it holds nothing that is not in Temporal, so any number may run beside each other. */
export async function startApi(config: ApiConfig, signal: AbortSignal, options: ApiOptions = {}): Promise<RunningApi> {
  const logger = options.logger ?? createLogger({ name: 'api', level: config.logLevel });
  const { compiled, unfit } = readPlaybooks(config);
  const host = new PluginHost();
  const blobs = await host.use<BlobStore>(config.blobs, { dir: config.dataFolder });
  const sources = await sourcesOf(config, host);
  const engine = temporalEngine(config.temporal);
  const store = options.store ?? engine;
  const heartbeats = new Map<string, number>();
  const servers: FastifyInstance[] = [];
  const ended: (() => void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ended) end();
    for (const server of servers) await server.close();
    await store.close();
    if (store !== engine) await engine.close();
    for (const { plugin, failure } of await host.stop())
      if (failure !== undefined) logger.warn({ plugin, err: failure }, 'plug-in did not stop cleanly');
  };
  try {
    await host.start(signal);
    const metrics = createApiMetrics();
    let responses = await shelve(compiled, blobs, signal);
    const showSigned = (): void => {
      for (const [playbook, epoch] of Object.entries(signedBy(responses)))
        metrics.set('firebreak_api_playbook_committee_epoch', epoch, { playbook });
    };
    showSigned();
    metrics.set('firebreak_api_playbooks', responses.length);
    for (const { name: playbook, reason } of unfit) {
      metrics.set('firebreak_api_playbook_unfit', 1, { playbook });
      logger.error({ playbook }, `playbook ${playbook} is left out: ${reason}`);
    }
    const names = compiled.map(({ plan }) => plan.name);
    const tell = (about: Record<string, unknown>, message: string): void => logger.error(about, message);
    const replan = replanning(config, names, metrics, tell, (now) => {
      responses = signedAnew(responses, now);
      showSigned();
    });
    const looking = setInterval(() => replan.look(Date.now()), options.lookMs ?? LOOK_MS);
    looking.unref();
    ended.push(() => clearInterval(looking));
    const strangers = new Rates(config.limits.strangersPerMinute);
    const warn = logger.warn.bind(logger);
    const take = createIntake({
      sources,
      responses: () => responses,
      unfit,
      store,
      metrics,
      heartbeats,
      strangers,
      warn,
    });
    const read = await createReading(config.readers, engine, strangers);
    const clock = options.clock ?? Date.now;
    const tls = config.tls === undefined ? undefined : readTls(config.tls);
    const server = createServer({ limits: config.limits, tls, take, read, metrics, logger, clock });
    const status = createStatusServer(metrics, () =>
      healthOf(host, store, heartbeats, { unfit, rotted: replan.rotted(), signedBy: signedBy(responses) }),
    );
    servers.push(server, status);
    const url = await listen(server, config.listen);
    const statusUrl = await listen(status, config.metrics);
    logger.info({ url, statusUrl, sources: [...sources.keys()], playbooks: responses.length }, 'api is ready');
    return { url, statusUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function sourcesOf(config: ApiConfig, host: PluginHost): Promise<Intake['sources']> {
  const sources = new Map<string, { config: ApiConfig['sources'][number]; source: AlertSource }>();
  for (const source of config.sources)
    sources.set(source.name, { config: source, source: await host.use<AlertSource>(source.plugin, {}) });
  return sources;
}

async function healthOf(
  host: PluginHost,
  store: AlertStore,
  heartbeats: ReadonlyMap<string, number>,
  playbooks: Pick<Health, 'signedBy'> & { readonly unfit: readonly Unfit[]; readonly rotted: readonly Unfit[] },
): Promise<Health> {
  const { unfit, rotted, signedBy: epochs } = playbooks;
  const [answers, plugins] = await Promise.all([store.answers(), host.health()]);
  const reasons = [
    ...plugins.filter(({ state }) => state !== 'ok').map(({ plugin, reason }) => `${plugin}: ${reason ?? 'not ok'}`),
    ...unfit.map(({ name, reason }) => `playbook ${name} is left out: ${reason}`),
    ...rotted.map(({ name, reason }) => `playbook ${name} has rotted, ${reason}`),
  ];
  return {
    ready: answers,
    reasons: answers ? reasons : ['Temporal does not answer', ...reasons],
    heartbeats: Object.fromEntries(heartbeats),
    signedBy: epochs,
  };
}

async function listen(server: FastifyInstance, { host, port }: ApiConfig['listen']): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FirebreakFailure('unavailable.api-listen', `cannot listen on ${host}:${port}: ${reason}`, { port });
  }
}
