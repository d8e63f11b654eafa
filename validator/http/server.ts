import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { AgentLogger } from '../custody/dependencies.ts';
import { MetricsCollector } from './collect.ts';
import { answerPath } from './routes.ts';
import type { ValidatorView } from './view.ts';

export type HttpOptions = {
  readonly host: string;
  /** `/api/v1/…`, `/health`, `/can-sign`. */
  readonly apiPort: number;
  /** `/metrics`, `/health`, `/can-sign`. */
  readonly metricsPort: number;
  readonly view: ValidatorView;
  readonly logger: AgentLogger;
};

export type HttpServers = { readonly apiPort: number; readonly metricsPort: number; stop(): Promise<void> };

type Reply = { readonly status: number; readonly type: string; readonly body: string };

export const METRICS_PATH = '/metrics';
/** What an orchestrator asks, on whichever port it reaches. */
export const PATHS_OF_BOTH: readonly string[] = ['/health', '/can-sign'];

const PATH_MAX = 200;
const CONNECTIONS_MAX = 64;
const JSON_TYPE = 'application/json; charset=utf-8';

/** The specification's `POST /signing/request` let anyone who reaches the port have something signed. */
const NO_SIGNING_HERE =
  'This validator signs nothing over HTTP: a signing request comes from a listed coordinator over the p2p network and carries a release request signed by the release key of the vault.';

/** Serves both ports, read-only. Throws `unavailable.port-in-use` or `unavailable.http-listen` with the port and what to change. */
export async function startHttp(options: HttpOptions): Promise<HttpServers> {
  const { view, logger } = options;
  const collector = new MetricsCollector(view);
  const api = serve(logger, async (path) => json(answerPath(path, view)));
  const metrics = serve(logger, async (path) => {
    if (path === METRICS_PATH) return { status: 200, type: collector.contentType, body: await collector.text() };
    return PATHS_OF_BOTH.includes(path) ? json(answerPath(path, view)) : NOT_FOUND;
  });
  const stop = async (): Promise<void> => {
    collector.stop();
    await Promise.all([close(api), close(metrics)]);
  };
  try {
    return {
      apiPort: await listen(api, options.host, options.apiPort, 'monitoring.health_check_port'),
      metricsPort: await listen(metrics, options.host, options.metricsPort, 'monitoring.metrics_port'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function serve(logger: AgentLogger, answer: (path: string) => Promise<Reply>): Server {
  const server = createServer({
    requestTimeout: 5_000,
    headersTimeout: 5_000,
    keepAliveTimeout: 5_000,
    maxHeaderSize: 8_192,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.on('request', (request, response) => {
    replyTo(request, answer).then(
      (reply) => send(response, reply, request.method === 'HEAD'),
      (error: unknown) => {
        logger.error({ err: error }, 'answering over HTTP failed');
        send(
          response,
          json({ status: 500, body: { error: 'Failed', message: 'this validator failed while answering' } }),
          false,
        );
      },
    );
  });
  return server;
}

async function replyTo(request: IncomingMessage, answer: (path: string) => Promise<Reply>): Promise<Reply> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path.length > PATH_MAX) return NOT_FOUND;
  if (/^(\/api\/v1)?\/signing\/request$/.test(path))
    return json({ status: 410, body: { error: 'Gone', message: NO_SIGNING_HERE } });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return json({ status: 405, body: { error: 'MethodNotAllowed', message: 'this port only reads; use GET' } });
  }
  return await answer(path);
}

function send(response: ServerResponse, { status, type, body }: Reply, headersOnly: boolean): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(headersOnly ? undefined : body);
}

const NOT_FOUND: Reply = {
  status: 404,
  type: JSON_TYPE,
  body: JSON.stringify({ error: 'NotFound', message: 'no such path; docs/reference/http.md lists them' }),
};

const json = (answer: { readonly status: number; readonly body: unknown } | undefined): Reply =>
  answer === undefined ? NOT_FOUND : { status: answer.status, type: JSON_TYPE, body: JSON.stringify(answer.body) };

function listen(server: Server, host: string, port: number, field: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, host, port, field)));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Whether the port could be had now; nothing stays open. Throws as `startHttp` does. */
export async function tryPort(host: string, port: number, field: string): Promise<void> {
  const server = createServer();
  await listen(server, host, port, field);
  await close(server);
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number, field: string): FirebreakFailure {
  if (error.code === 'EADDRINUSE') {
    return new FirebreakFailure(
      'unavailable.port-in-use',
      `port ${port} (${field}) on ${host} is in use by another program; stop it or change ${field}`,
      { port, field },
    );
  }
  return new FirebreakFailure(
    'unavailable.http-listen',
    `cannot listen on ${host}:${port} (${field}): ${error.code ?? error.message}`,
    {
      port,
      field,
    },
  );
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
