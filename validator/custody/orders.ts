import type { Authority } from '../../domain/committee/committee.ts';
import {
  judgeOrder,
  NO_ORDER,
  type Order,
  orderDigest,
  type OrderState,
  outranks,
  provenOrder,
  type SignedOrder,
} from '../../domain/committee/order.ts';
import { isBeforeChangeQuorum, isOfChangeQuorum, judgeRenewal } from '../../domain/committee/renewals.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { type Envelope, OrderStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { Committees } from './committees.ts';
import type { AgentDependencies } from './dependencies.ts';
import type { OrderRow, OrderStanding } from './journal/journal.ts';
import { tellAll } from './news.ts';
import { ABOUT_NOTHING, say, type Speaking } from './statements.ts';

export type Obeyed = { readonly state: OrderState /** False when it was obeyed before. */; readonly isNew: boolean };

export type Orders = {
  state(): OrderState;
  /**
   * `standing`: how many other validators say now, signed, that they stand at this order. Past its time, or the time of its committee, it is obeyed
   * only when they are as many as it takes to sign: one of them is honest and obeyed it in time, and payouts do not need this validator any more.
   * Beyond the cap on renewals it is obeyed when they are so many that payouts stand still without this validator.
   */
  obey(signed: SignedOrder, standing?: number): Verdict<Obeyed>;
  /** Whether an order with these words would take the place of the present one, if it is signed; cheap, for what is heard every second. */
  wouldReplace(order: Order): boolean;
  statement(by: Speaking): Envelope;
  onNew(listener: (order: SignedOrder) => void): void;
};

type Refused = Extract<Verdict<never>, { readonly ok: false }>;
type Parts = Pick<AgentDependencies, 'genesis' | 'journal' | 'clock' | 'logger'>;
/** Where and when an order is judged, by which committee, and whether so many hold it that no cap keeps payouts going. */
type Judging = { readonly by: Authority; readonly nowSeconds: number; readonly isHeld: boolean };

/** Standing orders of the committee: each proves itself, numbers only grow, two of one number have a rank, and what is obeyed is on disk first. */
export function createOrders(parts: Parts, committees: Committees): Orders {
  const { genesis, journal, clock, logger } = parts;
  const listeners: ((order: SignedOrder) => void)[] = [];

  function obey(signed: SignedOrder, standing = 0): Verdict<Obeyed> {
    const present = journal.orders.current();
    const { order } = signed;
    const attested = standing >= genesis.threshold;
    const inTime = attested ? order.expiresAtSeconds - 1 : Number.POSITIVE_INFINITY;
    const judging: Judging = {
      by: (attested ? committees.of(order.committeeEpoch) : undefined) ?? committees.authority(),
      nowSeconds: Math.min(Math.floor(clock() / 1_000), inTime),
      isHeld: attested || standing > genesis.validators.length - genesis.threshold,
    };
    if (order.number === present?.state.number) return obeySameNumber(signed, present, judging);
    const judged = judge(signed, present?.state ?? NO_ORDER, judging);
    if (!judged.ok) {
      if (judged.refusal.code === 'conflict.order-number') keepOvertaken(signed, judging);
      return judged;
    }
    const capped = cap(signed, judging);
    return capped ?? obeyJudged(proven(signed, judging), judged.value);
  }

  /** Asked of an order that is right otherwise. */
  function cap(signed: SignedOrder, { by, nowSeconds, isHeld }: Judging): Refused | undefined {
    if (isHeld) return undefined;
    const judged = judgeRenewal(signed, by.committee, journal.orders.latest(), nowSeconds);
    return judged.ok ? undefined : judged;
  }

  /**
   * A freeze that came after a later one changes nothing, and stays as one of the row: so the next renewal is refused in whatever order they came.
   * No more are kept than are counted. A lift is not: what it says about the chain would count although a later order overtook it.
   */
  function keepOvertaken(signed: SignedOrder, judging: Judging): void {
    const { kind, number } = signed.order;
    if (kind !== 'freeze' || journal.orders.get(number) !== undefined) return;
    if (isBeforeChangeQuorum(number, journal.orders.latest(), judging.by.committee)) return;
    const judged = judge(signed, before(number), judging);
    if (!judged.ok || cap(signed, judging) !== undefined) return;
    journal.orders.append(
      { state: judged.value, digest: orderDigest(signed.order), signedOrder: proven(signed, judging) },
      clock(),
    );
  }

  /** `signed` carries nothing but what proves it: it is kept, and told every second. */
  function obeyJudged(signed: SignedOrder, next: OrderState): Verdict<Obeyed> {
    journal.orders.append({ state: next, digest: orderDigest(signed.order), signedOrder: signed }, clock());
    const { kind, number } = signed.order;
    const { state } = journal.orders.standing();
    logger.info({ kind, number, frozenUntilSeconds: state.frozenUntilSeconds }, 'obeys a new order');
    tellAll(listeners, signed, logger);
    return accept({ state, isNew: true });
  }

  function obeySameNumber(signed: SignedOrder, present: OrderRow, judging: Judging): Verdict<Obeyed> {
    const { state: current, signedOrder } = present;
    const digest = orderDigest(signed.order);
    const { number } = signed.order;
    if (present.digest === digest) {
      if (isRaised(signed, signedOrder, judging)) return obeyJudged(proven(signed, judging), current);
      return accept({ state: journal.orders.standing().state, isNew: false });
    }
    // Anyone can invent an order; only one that would have been obeyed says something about the committee.
    const alone = judge(signed, before(number), judging);
    if (!alone.ok) return alone;
    const isWinner = outranks(signed.order, signedOrder.order);
    // Each freeze of one number is one of the row: signing the present number again and again is no way around the cap.
    const capped = cap(signed, judging);
    if (isWinner && capped === undefined) {
      logger.warn({ number, digest, instead: present.digest }, 'two orders of one number');
      return obeyJudged(proven(signed, judging), alone.value);
    }
    const kind = capped === undefined ? 'order' : 'capped-order';
    journal.doubleSigned.keep({ kind, number, digest, document: proven(signed, judging) }, clock());
    return (
      (isWinner ? capped : undefined) ??
      refuse('conflict.order-fork', `another order ${number} is in force and both carry a quorum`, { number })
    );
  }

  function wouldReplace(order: Order): boolean {
    const present = journal.orders.current();
    if (present === undefined || order.number !== present.state.number)
      return order.number > (present?.state.number ?? 0);
    return outranks(order, present.signedOrder.order);
  }

  return {
    state: () => journal.orders.standing().state,
    obey,
    wouldReplace,
    statement: (by) =>
      say(by, Round.ORDER_STATE, ABOUT_NOTHING, OrderStateSchema, orderStateMessage(journal.orders.standing())),
    onNew: (listener) => void listeners.push(listener),
  };
}

/** The change quorum has signed the present freeze since: that is news, the count of renewals starts anew with it. */
function isRaised(signed: SignedOrder, present: SignedOrder, judging: Judging): boolean {
  if (signed.order.kind !== 'freeze' || signed.signatures.length <= present.signatures.length) return false;
  const { committee } = judging.by;
  return (
    judge(signed, before(signed.order.number), judging).ok &&
    isOfChangeQuorum(signed, committee) &&
    !isOfChangeQuorum(present, committee)
  );
}

/** The standing in which an order of this number is judged on its own. */
const before = (number: number): OrderState => ({ ...NO_ORDER, number: number - 1 });

const judge = (signed: SignedOrder, current: OrderState, { by, nowSeconds }: Judging) =>
  judgeOrder(signed, { environment: by.environment, name: by.network, committee: by.committee }, current, nowSeconds);

const proven = (signed: SignedOrder, { by }: Judging): SignedOrder => provenOrder(signed, by.committee);

const NOTHING = new Uint8Array(0);
export const orderStateMessage = ({ state, order, use }: OrderStanding) => ({
  number: BigInt(state.number),
  frozenUntilSeconds: BigInt(state.frozenUntilSeconds),
  signedOrder: order === undefined ? NOTHING : canonicalBytes(order.signedOrder),
  signedGrant: use === undefined ? NOTHING : canonicalBytes(use.signedGrant),
  signedGrantUse: use === undefined ? NOTHING : canonicalBytes(use.signedUse),
});
