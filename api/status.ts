import Fastify, { type FastifyInstance } from 'fastify';
import type { ApiMetrics } from './metrics.ts';

export type Health = {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** By source, Unix milliseconds at which its always-firing alert came last. */
  readonly heartbeats: Readonly<Record<string, number>>;
  /** By playbook, the epoch of the committee that signed it; which committee is obeyed by now only validators know. */
  readonly signedBy: Readonly<Record<string, number>>;
};

/** `/health` and `/metrics`, on an address of their own: whoever watches us needs no way to the alerts. */
export function createStatusServer(metrics: ApiMetrics, health: () => Promise<Health>): FastifyInstance {
  const server = Fastify({ requestTimeout: 10_000, forceCloseConnections: true });
  const look = async (): Promise<Health> => {
    const now = await health();
    metrics.set('firebreak_api_ready', now.ready ? 1 : 0);
    return now;
  };
  server.get('/health', async (_request, reply) => {
    const now = await look();
    return reply.code(now.ready ? 200 : 503).send(now);
  });
  server.get('/metrics', async (_request, reply) => {
    await look();
    return reply.type(metrics.contentType).send(await metrics.text());
  });
  return server;
}
