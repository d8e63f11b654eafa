import { fromBinary } from '@bufbuild/protobuf';
import type { ChainAnchor } from '../domain/ceremony/ceremony.ts';
import { type Order, orderDigest } from '../domain/committee/order.ts';
import type { Digest } from '../domain/encoding/digest.ts';
import { parseSignedOrder } from '../wire/documents/index.ts';
import { openEnvelope } from '../wire/envelope.ts';
import { OrderStateSchema, ResponseSchema, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import { requestBytes } from './asking.ts';
import type { ActivityDependencies } from './dependencies.ts';

const ASK_MS = 5_000;

type Parts = Pick<ActivityDependencies, 'genesis' | 'network' | 'chain' | 'clock' | 'logger'>;

/**
 * A worker has no journal and judges no order. Where its chain view stopped at a reorganisation beyond the bound, it goes on in the chain
 * that as many validators as sign say, each signed, that the committee named (ADR 0027). Does nothing while the view goes on; never rejects.
 */
export async function followNamedBranch(deps: Parts, signal: AbortSignal): Promise<ChainAnchor | undefined> {
  if (deps.chain.view.status().trouble?.code !== 'policy.reorg-too-deep') return undefined;
  try {
    const block = await namedBlock(deps, signal);
    if (block !== undefined) deps.chain.view.acceptBranch(block);
    return block;
  } catch (error) {
    if (!signal.aborted)
      deps.logger.warn({ err: error }, 'validators could not be asked which chain the committee named');
    return undefined;
  }
}

async function namedBlock(deps: Parts, signal: AbortSignal): Promise<ChainAnchor | undefined> {
  const { genesis, network, clock } = deps;
  const request = requestBytes(deps, { case: 'sayOrderState', value: {} });
  const requests = new Map(genesis.validators.map(({ id }) => [id, request]));
  const context = { idempotencyKey: 'named-branch', signal, deadlineMs: clock() + ASK_MS };
  const standing = new Map<Digest, { readonly order: Order; readonly by: Set<number> }>();
  for (const answer of await network.askMany(requests, context)) {
    const order = answer.ok ? orderOf(deps, answer.validator, answer.response) : undefined;
    if (order === undefined) continue;
    const digest = orderDigest(order);
    const said = standing.get(digest) ?? { order, by: new Set() };
    standing.set(digest, said);
    said.by.add(answer.validator);
  }
  const agreed = [...standing.values()].find(({ by }) => by.size >= genesis.threshold)?.order;
  return agreed?.kind === 'lift' ? agreed.block : undefined;
}

/** The order at which this validator says, signed, that it stands. */
function orderOf({ genesis }: Pick<Parts, 'genesis'>, from: number, response: Uint8Array): Order | undefined {
  try {
    const { body } = fromBinary(ResponseSchema, response);
    if (body.case !== 'envelope') return undefined;
    const opened = openEnvelope(genesis, body.value, { round: Round.ORDER_STATE });
    if (!opened.ok || opened.value.from !== from) return undefined;
    const { signedOrder } = fromBinary(OrderStateSchema, opened.value.payload);
    return signedOrder.length === 0 ? undefined : parseSignedOrder(signedOrder, 'order of a validator').order;
  } catch {
    return undefined;
  }
}
