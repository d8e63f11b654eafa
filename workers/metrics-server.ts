import { createServer, type Server } from 'node:http';
import type { WorkerMetrics } from './observer.ts';

export type Health = { readonly ready: boolean; readonly reasons: readonly string[] };

/** `/metrics` for Prometheus and `/health` for a supervisor; reads only, and nothing else is served. */
export async function serveMetrics(
  listen: { readonly host: string; readonly port: number },
  metrics: WorkerMetrics,
  refresh: () => Promise<Health>,
): Promise<{ close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    void answer(request.url ?? '/').then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  async function answer(url: string): Promise<{ status: number; type: string; body: string }> {
    if (url === '/metrics') {
      await refresh();
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    }
    if (url === '/health') {
      const health = await refresh();
      return { status: health.ready ? 200 : 503, type: 'application/json', body: JSON.stringify(health) };
    }
    return { status: 404, type: 'text/plain', body: 'not here; try /metrics or /health\n' };
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
