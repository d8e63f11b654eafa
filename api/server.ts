import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { FailureCode, Verdict } from '../domain/errors/failure.ts';
import type { Logger } from '../telemetry/log.ts';
import { type RefusedStatus, statusOf } from './answers.ts';
import type { ApiConfig } from './config.ts';
import type { Reading } from './incidents.ts';
import type { createIntake, Taken } from './intake.ts';
import type { ApiMetrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { clientOf, type Tls } from './tls.ts';

export type ServerParts = {
  readonly limits: ApiConfig['limits'];
  /** Plain HTTP when undefined. */
  readonly tls: Tls | undefined;
  readonly take: ReturnType<typeof createIntake>;
  readonly read: Reading;
  readonly metrics: ApiMetrics;
  readonly logger: Logger;
  readonly clock: () => number;
};

/** How long a sender should wait while Temporal is away: its takeover takes seconds. */
const RETRY_SECONDS = 5;
/** How often Node looks for requests that take too long. */
const CHECK_MS = 500;
const HEADER_BYTES_MAX = 16_384;

/** Takes alerts. Every request is bounded in bytes, in time and in number before anything of it is understood. */
export function createServer({ limits, tls, take, read, metrics, logger, clock }: ServerParts): FastifyInstance {
  const bounds = {
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: limits.bodySecondsMax * 1_000,
  };
  const options = {
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.bodySecondsMax * 1_000,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 400, ignoreTrailingSlash: false },
  };
  const server: FastifyInstance =
    tls === undefined
      ? Fastify({ ...options, http: bounds })
      : // The same requests and answers; only the socket below them is another.
        (Fastify({
          ...options,
          https: { ...bounds, ...tls, handshakeTimeout: bounds.headersTimeout },
        }) as unknown as FastifyInstance);
  server.server.maxConnections = limits.connectionsMax;
  // The bytes stay as they are: they are what was signed.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    ['application/json', 'text/plain', 'application/x-www-form-urlencoded'],
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    const known = REFUSED_BY_FASTIFY[error.code];
    if (known !== undefined) return refuse(reply, ...known);
    logger.error({ err: error }, 'a request failed');
    return refuse(reply, 500, 'bug.api', 'the request could not be served');
  });
  server.setNotFoundHandler((_request, reply) =>
    refuse(reply, 404, 'input.alert-source', 'there is nothing here; POST /v1/alerts/<source>, GET /v1/incidents'),
  );

  server.get('/openapi.json', (_request, reply) => reply.send(openApiDocument()));
  server.get<{ Querystring: { limit?: unknown } }>('/v1/incidents', async (request, reply) => {
    const listed = await read.list(headersOf(request.headers), request.ip, request.query.limit, clock());
    return answerReader(reply, listed);
  });
  server.get<{ Params: { id: string } }>('/v1/incidents/:id', async (request, reply) => {
    const shown = await read.show(headersOf(request.headers), request.ip, request.params.id, clock());
    return answerReader(reply, shown);
  });
  server.post<{ Params: { source: string } }>('/v1/alerts/:source', async (request, reply) => {
    const startedAtMs = clock();
    const { source } = request.params;
    const body = Buffer.isBuffer(request.body) ? request.body : new Uint8Array();
    const client = clientOf(request.raw.socket, tls, startedAtMs);
    const taken = await take(source, request.ip, {
      headers: headersOf(request.headers),
      body,
      receivedAtMs: startedAtMs,
      ...(client === undefined ? {} : { client }),
    });
    const status = taken.ok ? 200 : statusOf(taken.refusal.code);
    // Only names that exist become labels: a stranger must not be able to make series.
    const label = !taken.ok && taken.refusal.code === 'input.alert-source' ? 'unknown' : source;
    metrics.add('firebreak_api_deliveries_total', {
      source: label,
      status: String(status),
      code: taken.ok ? 'none' : taken.refusal.code,
    });
    metrics.observe('firebreak_api_delivery_duration_seconds', (clock() - startedAtMs) / 1_000, { source: label });
    return answer(reply, status, taken, source, logger);
  });
  return server;
}

function answerReader(reply: FastifyReply, read: Verdict<unknown>): FastifyReply {
  if (read.ok) return reply.code(200).header('cache-control', 'no-store').send(read.value);
  const { code, message, details } = read.refusal;
  const status = statusOf(code);
  const seconds = status === 503 ? RETRY_SECONDS : details?.['retrySeconds'];
  if (seconds !== undefined) reply.header('retry-after', String(seconds));
  return refuse(reply, status, code, message);
}

function answer(reply: FastifyReply, status: number, taken: Taken, source: string, logger: Logger): FastifyReply {
  if (taken.ok) return reply.code(200).send({ recorded: taken.value });
  const { code, message } = taken.refusal;
  logger.warn({ code, source }, `a delivery was refused: ${message}`);
  if (status === 503) reply.header('retry-after', String(RETRY_SECONDS));
  if ('retrySeconds' in taken) reply.header('retry-after', String(taken.retrySeconds));
  return refuse(reply, statusOf(code), code, message);
}

const refuse = (reply: FastifyReply, status: RefusedStatus, code: FailureCode, message: string): FastifyReply =>
  reply.code(status).send({ error: { code, message } });

/** Fastify's own refusals in our words (https://fastify.dev/docs/latest/Reference/Errors/). */
const REFUSED_BY_FASTIFY: Readonly<Record<string, readonly [RefusedStatus, FailureCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'input.alert-size', 'the body is too large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'input.alert-body', 'the body has to be JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'input.alert-body', 'the body is not as long as its header says'],
  FST_ERR_BAD_URL: [404, 'input.alert-source', 'the address is not one'],
  FST_ERR_CTP_EMPTY_TYPE: [415, 'input.alert-body', 'the body has to be JSON'],
};

const headersOf = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]],
    ),
  );
