import { create, toBinary } from '@bufbuild/protobuf';
import type { Connection, Stream } from '@libp2p/interface';
import type { FailureCode } from '../../../domain/errors/failure.ts';
import { ResponseSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { type ExchangeLimits, serveStream } from '../../../wire/stream/exchange.ts';
import { identityOf } from '../../../wire/stream/host-identity.ts';
import type { CustodyAgent } from '../agent.ts';
import type { AgentLogger } from '../dependencies.ts';
import type { TransportCount, TransportDropReason } from './counters.ts';
import type { RateLimit } from './rate-limit.ts';

export type RequestServer = {
  readonly agent: Pick<CustodyAgent, 'handle'>;
  readonly rate: RateLimit;
  readonly limits: ExchangeLimits;
  readonly count: TransportCount;
  readonly logger: AgentLogger;
};

const DROPS: Readonly<Record<string, TransportDropReason>> = {
  'input.frame-oversized': 'oversized',
  'input.frame-malformed': 'malformed',
  'unavailable.stream-silent': 'silent',
  'unavailable.stream-ended': 'ended',
};

/** Serves one inbound stream: who asks too often is told so, who asks and says nothing is timed out, a bug is a refusal. */
export async function serveRequest(server: RequestServer, stream: Stream, connection: Connection): Promise<void> {
  const peer = identityOf(connection.remotePeer) ?? '';
  const outcome = await serveStream(stream, (request) => answer(server, request, peer), server.limits);
  if (outcome.kind === 'answered') {
    server.count.received(outcome.requestBytes);
    server.count.sent(outcome.responseBytes);
    return;
  }
  const reason = DROPS[outcome.failure.code] ?? 'ended';
  server.count.drop(reason);
  server.logger.debug({ peer, code: outcome.failure.code, reason }, 'a request was dropped');
}

async function answer(server: RequestServer, request: Uint8Array, peer: string): Promise<Uint8Array> {
  if (!server.rate.admit(peer)) {
    server.count.drop('rate');
    return refusal(
      'unavailable.request-rate',
      'you ask more often than this validator answers one peer; wait a second',
    );
  }
  try {
    return await server.agent.handle(request, peer);
  } catch (error) {
    server.logger.error({ peer, err: error }, 'answering a request threw');
    return refusal('bug.request-failed', 'this validator failed while answering; its log says more');
  }
}

const refusal = (code: FailureCode, message: string): Uint8Array =>
  toBinary(
    ResponseSchema,
    create(ResponseSchema, { body: { case: 'refusal', value: { code, message, detailsJson: '{}' } } }),
  );
