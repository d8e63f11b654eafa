import { fromBinary } from '@bufbuild/protobuf';
import type { Authority } from '../../domain/committee/committee.ts';
import {
  judgeOrder,
  NO_ORDER,
  type OrderKind,
  orderDigest,
  provenOrder as onlyProven,
  type SignedOrder,
} from '../../domain/committee/order.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { parseSignedOrder } from '../../wire/documents/index.ts';
import { type OrderState, OrderStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from '../asking.ts';
import type { OpenedEnvelope } from '../../wire/envelope.ts';
import { statementsOf } from '../documents.ts';
import { everyone } from '../gathering.ts';
import type { Doing, NeedsOrder } from './binding.ts';
import { committeesNow } from './committees.ts';

/** The looks that everything else waits for: those who do not answer in so long are not waited for. */
export const ASK_MS = 5_000;
export const STATE = { round: Round.ORDER_STATE, keyset: '', epoch: 0, ceremony: '' } as const;

type Asking = Pick<Doing, 'deps' | 'attempt' | 'untilMs'>;

/** What every validator that answers says about orders. Statements, not truths. */
export async function orderStates({ deps, attempt, untilMs }: Asking): Promise<ReadonlyMap<ValidatorId, OrderState>> {
  const request = requestBytes(deps, { case: 'sayOrderState', value: {} });
  const { accepted } = await gather(deps, attempt, {
    requests: new Map(everyone(deps).map((validator) => [validator, request])),
    enough: everyone(deps).length,
    expected: STATE,
    untilMs: Math.min(untilMs, deps.clock() + ASK_MS),
  });
  return statesIn(accepted);
}

const statesIn = (answers: ReadonlyMap<ValidatorId, OpenedEnvelope>): ReadonlyMap<ValidatorId, OrderState> =>
  new Map([...answers].map(([validator, { payload }]) => [validator, fromBinary(OrderStateSchema, payload)]));

/**
 * The highest order that a validator can prove: a number without the signatures of a committee under it counts for nothing. Orders of former
 * committees stay in force until the next one.
 */
export function provenOrder(states: Iterable<OrderState>, committees: readonly Authority[]): SignedOrder | undefined {
  let best: SignedOrder | undefined;
  for (const { signedOrder } of states) {
    const order = signedOrder.length === 0 ? undefined : orderIn(signedOrder, committees);
    if (order !== undefined && order.order.number > (best?.order.number ?? 0)) best = order;
  }
  return best;
}

function orderIn(bytes: Uint8Array, committees: readonly Authority[]): SignedOrder | undefined {
  try {
    const signed = parseSignedOrder(bytes, 'order of a validator');
    // As of its own time: an order that has expired still holds its number.
    const by = committees.find(({ committee }) => committee.epoch === signed.order.committeeEpoch);
    if (by === undefined) return undefined;
    return judgeOrder(signed, hereOf(by), NO_ORDER, signed.order.expiresAtSeconds - 1).ok ? signed : undefined;
  } catch {
    return undefined;
  }
}

export const hereOf = ({ environment, network, committee }: Authority) => ({ environment, name: network, committee });

/** What is wanted of the order that will be handed on. */
export type Wanted = {
  readonly kind: OrderKind;
  /** Lifts: the freeze that ends. */
  readonly above?: number;
  /** Freezes: the longest time that it may still last. */
  readonly lastsMs?: number;
};

/** `by`: the order or the grant, in words. */
export type Obeyed = { readonly number: number; readonly by: string; readonly validators: readonly ValidatorId[] };

/**
 * Hands one of the run's orders to every validator, which judges it by itself. The order that validators hold already, if the run
 * brought it, is handed on again: that is the same effect. Without a usable order it is asked for.
 */
export async function handOn(wanted: Wanted, doing: Doing): Promise<Obeyed | NeedsOrder> {
  const { deps, orders } = doing;
  const { present: authority, all: committees } = await committeesNow(doing);
  const states = await orderStates(doing);
  if (states.size === 0) throw new FirebreakFailure('unavailable.validators', 'no validator says which order it holds');
  const held = provenOrder(states.values(), committees);
  const at = held?.order.number ?? 0;
  const above = Math.max(wanted.above ?? 0, at);
  const usable = orders
    .filter(({ order }) => order.kind === wanted.kind && order.number > (wanted.above ?? 0))
    .map((signed) => onlyProven(signed, authority.committee))
    // Of one order the copy that most have signed: further signatures make a freeze right that was one renewal too many.
    .sort((one, other) => one.order.number - other.order.number || other.signatures.length - one.signatures.length);
  const again = usable.find(({ order }) => held !== undefined && orderDigest(order) === orderDigest(held.order));
  const fresh = usable.find(({ order }) => order.number > at);
  const chosen = again ?? fresh;
  if (chosen === undefined) return { needs: wanted.kind, above };
  const nowMs = deps.clock();
  const verdict = judgeOrder(chosen, hereOf(authority), NO_ORDER, Math.floor(nowMs / 1_000));
  if (!verdict.ok) return { needs: wanted.kind, above: Math.max(above, chosen.order.number) };
  if (wanted.lastsMs !== undefined && chosen.order.expiresAtSeconds * 1_000 > nowMs + wanted.lastsMs)
    throw new FirebreakFailure(
      'policy.freeze-duration',
      `order ${chosen.order.number} freezes until ${chosen.order.expiresAtSeconds}, the playbook asks for ${wanted.lastsMs / 1_000} s`,
    );
  return obey(chosen, doing);
}

/** A freeze counts once the validators that have not heard of it are too few to sign; a lift once enough have heard of it. */
export const enoughFor = (kind: OrderKind, validators: number, threshold: number): number =>
  kind === 'freeze' ? validators - threshold + 1 : threshold;

async function obey(signed: SignedOrder, { deps, attempt, untilMs, witness }: Doing): Promise<Obeyed | NeedsOrder> {
  const { order } = signed;
  const all = everyone(deps);
  const request = requestBytes(deps, { case: 'obeyOrder', value: { signedOrder: canonicalBytes(signed) } });
  const { accepted, refused } = await gather(deps, attempt, {
    requests: new Map(all.map((validator) => [validator, request])),
    enough: all.length,
    expected: STATE,
    judge: ({ payload }) =>
      fromBinary(OrderStateSchema, payload).number >= BigInt(order.number)
        ? undefined
        : { code: 'input.response', message: 'answered without taking the order' },
    untilMs: Math.min(untilMs, deps.clock() + ASK_MS),
    onAccepted: (have) => attempt.report({ have, need: all.length }),
  });
  const need = enoughFor(order.kind, all.length, deps.genesis.threshold);
  if (accepted.size >= need) {
    const validators = [...accepted.keys()].sort((one, other) => one - other);
    const untilSeconds = order.kind === 'freeze' ? order.expiresAtSeconds : 0;
    witness({
      kind: 'order.obeyed',
      facts: { number: order.number, untilSeconds, validators },
      by: 'validators',
      enclosed: [
        { what: 'order', value: signed },
        { what: 'statements', value: statementsOf(accepted) },
      ],
    });
    return { number: order.number, by: `order ${order.number}`, validators };
  }
  const isRefused = all.length - refused.size < need;
  const others = [...refused].filter(([, { code }]) => code !== 'policy.order-renewals');
  // Members who have not signed it yet can still make it right if enough would obey it then; until then a grant may do.
  if (isRefused && all.length - others.length >= need) return { needs: order.kind, above: order.number - 1 };
  const reasons = [...Map.groupBy(others, ([, { code }]) => code).values()];
  const [most = []] = reasons.sort((one, other) => other.length - one.length);
  const [no] = most.map(([, refusal]) => refusal);
  if (no !== undefined && isRefused)
    throw new FirebreakFailure(no.code, `${most.length} validators refuse order ${order.number}: ${no.message}`, {
      validators: most.map(([validator]) => validator),
    });
  throw new FirebreakFailure(
    'unavailable.order-obeyed',
    `${accepted.size} of ${need} needed validators obey order ${order.number}`,
  );
}
