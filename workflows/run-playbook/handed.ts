import { judgeOrder, NO_ORDER, type OrderState, type SignedOrder } from '../../domain/committee/order.ts';
import { refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { Run } from './run.ts';

const ORDERS_MAX = 40;

/**
 * Whether a run takes an order that somebody hands it. One that no step waits for is kept for a later one; one whose number is below what
 * every waiting step asks for is refused, since validators stand at a newer order and whoever handed it would believe that it helped.
 * The number of the very order that validators hold is not below: it is handed on again.
 */
export function judgeHanded(
  { state, authority }: Pick<Run, 'state' | 'authority'>,
  signed: SignedOrder,
  nowSeconds: number,
): Verdict<OrderState> {
  if (state.orders.length >= ORDERS_MAX) return refuse('input.orders-full', `a run takes at most ${ORDERS_MAX} orders`);
  const { environment, network, committee } = authority;
  const judged = judgeOrder(signed, { environment, name: network, committee }, NO_ORDER, nowSeconds);
  if (!judged.ok) return judged;
  const { number } = signed.order;
  const wanted = Object.values(state.wanted);
  const least = Math.min(...wanted.map(({ above }) => above));
  if (wanted.length === 0 || number >= least) return judged;
  return refuse('conflict.order-number', `order ${number} serves no step: the run asks for one above ${least}`, {
    current: least,
  });
}
