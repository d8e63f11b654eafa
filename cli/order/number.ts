import { fromBinary } from '@bufbuild/protobuf';
import type { Authority } from '../../domain/committee/committee.ts';
import { judgeOrder, NO_ORDER, type SignedOrder } from '../../domain/committee/order.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { OrderStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, type Heard, within } from '../asking.ts';
import { type CommitteeOptions, everyCommittee, presentAuthority } from '../authority.ts';
import { mustBePresent } from '../committee/followed.ts';
import type { Connect } from '../connecting.ts';
import { pinnedGenesis } from '../operator.ts';
import { parseSignedOrder } from '../../wire/documents/index.ts';
import { roster } from '../validators.ts';

const PATIENCE_SECONDS = 5;

export type CurrentOrder = {
  readonly number: number;
  readonly order: SignedOrder | undefined;
  readonly answered: number;
};

/** The number of the last order, asked from validators that follow no later committee than the one given here. */
export async function lastNumber(options: CommitteeOptions, connect: Connect): Promise<number> {
  const genesis = pinnedGenesis(options);
  const { network, stop } = await connect();
  try {
    const [{ number }] = await Promise.all([
      currentOrder(genesis, network, everyCommittee(options)),
      mustBePresent(genesis, network, presentAuthority(options)),
    ]);
    return number;
  } finally {
    await stop();
  }
}

/**
 * The highest order that any validator can prove: a number counts only with the signatures of a committee under it, the present one or one
 * before, so that one lying validator cannot push the next number out of reach.
 */
export async function currentOrder(
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  committees: readonly Authority[],
): Promise<CurrentOrder> {
  const heard = await askEach(
    network,
    genesis,
    roster(genesis),
    { case: 'sayOrderState', value: { $typeName: 'firebreak.v1.SayOrderState' } },
    Round.ORDER_STATE,
    within(PATIENCE_SECONDS, 'order-state'),
  );
  const answered = heard.filter((one) => one.ok).length;
  if (answered === 0) {
    throw new FirebreakFailure(
      'unavailable.validators',
      `none of ${genesis.validators.length} validators answered; give the number yourself with --number`,
    );
  }
  let best: SignedOrder | undefined;
  for (const one of heard) {
    const order = provenOrder(one, committees);
    if (order !== undefined && order.order.number > (best?.order.number ?? 0)) best = order;
  }
  return { number: best?.order.number ?? 0, order: best, answered };
}

function provenOrder(heard: Heard, committees: readonly Authority[]): SignedOrder | undefined {
  if (!heard.ok) return undefined;
  try {
    const state = fromBinary(OrderStateSchema, heard.opened.payload);
    if (state.signedOrder.length === 0) return undefined;
    const signed = parseSignedOrder(state.signedOrder, 'order of a validator');
    // Judged as of its own time: an expired order still holds its number.
    const by = committees.find(({ committee }) => committee.epoch === signed.order.committeeEpoch);
    if (by === undefined) return undefined;
    const here = { environment: by.environment, name: by.network, committee: by.committee };
    return judgeOrder(signed, here, NO_ORDER, signed.order.expiresAtSeconds - 1).ok ? signed : undefined;
  } catch {
    return undefined; // a statement that proves nothing counts for nothing
  }
}
