import { DefaultLogger, Runtime, type Worker } from '@temporalio/worker';
import { followNamedBranch } from '../activities/branch.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { createMetrics, workerMetrics } from '../telemetry/metrics.ts';
import { cachedBundle } from './bundle.ts';
import type { CoordinatorConfig } from './config.ts';
import { connectEngine, createWorker } from './engine.ts';
import { type Health, serveMetrics } from './metrics-server.ts';
import { prepareNamespace } from './namespace.ts';
import type { WorkerMetrics } from './observer.ts';
import { countRefusals } from './sinks.ts';
import { type Coordinator, wire } from './wire.ts';

/** How often a worker whose chain view stopped asks in which chain it may go on. */
const NAMED_BRANCH_MS = 5_000;

/**
 * One coordinator worker until `stop` fires. Nothing in its memory matters: any number of these may run, and one that is killed
 * at any point is replaced by whichever else polls the same queue. Throws FirebreakFailure when it cannot start.
 */
export async function runWorker(config: CoordinatorConfig, stop: AbortSignal): Promise<void> {
  const logger = createLogger({ name: 'worker', level: config.logLevel });
  installRuntime(logger);
  const metrics = createMetrics(workerMetrics);
  // The three slow parts of a start wait for different things, so they wait side by side.
  const bundling = cachedBundle();
  bundling.catch(() => undefined);
  const connecting = connectEngine(config.temporal, logger, stop);
  connecting.catch(() => undefined);
  const coordinator = await wire(config, logger, metrics);
  await coordinator.host.start(stop);
  let polling = false;
  const { host, port } = config.metrics;
  const server =
    port === undefined
      ? undefined
      : await serveMetrics({ host, port }, metrics, async () => healthOf(coordinator, metrics, polling));
  try {
    const connection = await connecting;
    if (connection === undefined) return;
    try {
      const { namespace, taskQueue, cachedWorkflowsMax } = config.temporal;
      await prepareNamespace(connection, namespace, logger);
      const bundlePath = await bundling;
      const { activities } = coordinator;
      const worker = await createWorker(connection, {
        namespace,
        taskQueue,
        bundlePath,
        activities,
        sinks: countRefusals((message, code) => metrics.add('firebreak_messages_refused_total', { message, code })),
        cachedWorkflowsMax,
      });
      polling = true;
      const asking = setInterval(() => void followNamedBranch(coordinator.followed, stop), NAMED_BRANCH_MS);
      stop.addEventListener('abort', () => clearInterval(asking), { once: true });
      logger.info({ address: config.temporal.address, namespace, taskQueue }, 'worker is ready');
      await runUntil(worker, stop);
    } finally {
      polling = false;
      await connection.close();
    }
  } finally {
    await server?.close();
    for (const { plugin, failure } of await coordinator.host.stop()) {
      if (failure !== undefined) logger.warn({ plugin, err: failure }, 'plug-in did not stop cleanly');
    }
    logger.info({}, 'worker is stopped');
  }
}

/** Drains: activities get the grace time to be cancelled and taken over elsewhere. */
async function runUntil(worker: Worker, stop: AbortSignal): Promise<void> {
  const shutdown = (): void => worker.shutdown();
  if (stop.aborted) return;
  stop.addEventListener('abort', shutdown, { once: true });
  try {
    await worker.run();
  } finally {
    stop.removeEventListener('abort', shutdown);
  }
}

async function healthOf(
  { chain, network, host }: Coordinator,
  metrics: WorkerMetrics,
  polling: boolean,
): Promise<Health> {
  const { tip, synced, trouble } = chain.view.status();
  const connected = network.connected().length;
  metrics.set('firebreak_chain_tip_height', tip.height);
  metrics.set('firebreak_chain_synced', synced ? 1 : 0);
  metrics.set('firebreak_validators_connected', connected);
  metrics.set('firebreak_worker_ready', polling ? 1 : 0);
  const reasons = (await host.health())
    .filter(({ state }) => state !== 'ok')
    .map(({ plugin, reason }) => `${plugin}: ${reason ?? 'not ok'}`);
  if (!polling) reasons.push('not connected to Temporal');
  if (trouble !== undefined) reasons.push(`${trouble.code}: ${trouble.message}`);
  return { ready: polling, reasons };
}

function installRuntime(logger: Logger): void {
  const sdk = new DefaultLogger('WARN', ({ level, message, meta }) => {
    logger[level === 'ERROR' ? 'error' : 'warn']({ ...meta }, message);
  });
  Runtime.install({ logger: sdk, shutdownSignals: [] });
}
