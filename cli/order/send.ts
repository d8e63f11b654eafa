import { fromBinary } from '@bufbuild/protobuf';
import { judgeOrder, NO_ORDER, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { OrderStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { type CommitteeOptions, presentGenesis } from '../authority.ts';
import type { Connect } from '../connecting.ts';
import { readOrder } from '../documents.ts';
import { type Handed, handToOne } from '../handing.ts';
import type { Outcome } from '../outcome.ts';
import { actionOf, endOfFreeze } from './words.ts';

/**
 * Hands a signed order to one validator, which tells all others. Needs neither Temporal nor a worker.
 * Without `to` the first validator that answers is taken.
 */
export async function sendOrder(
  file: string,
  options: CommitteeOptions & { readonly to?: string },
  connect: Connect,
  nowSeconds: number = Math.floor(Date.now() / 1000),
): Promise<Outcome> {
  const genesis = presentGenesis(options);
  const signed = readOrder(file);
  const verdict = judgeOrder(signed, genesis, NO_ORDER, nowSeconds);
  if (!verdict.ok) throw failureOf(verdict.refusal); // no validator would obey it; say so before anything is sent
  const connection = await connect();
  try {
    const handed: Handed = {
      what: 'order',
      body: {
        case: 'obeyOrder',
        value: { $typeName: 'firebreak.v1.ObeyOrder', signedOrder: canonicalBytes(signed) },
      },
      round: Round.ORDER_STATE,
      key: `order-${orderDigest(signed.order)}`,
      isTaken: (payload: Uint8Array) => fromBinary(OrderStateSchema, payload).number >= BigInt(signed.order.number),
    };
    const { validator, payload } = await handToOne(genesis, connection.network, handed, options.to);
    return accepted(validator, payload, signed);
  } finally {
    await connection.stop();
  }
}

function accepted(validator: ValidatorId, payload: Uint8Array, signed: SignedOrder): Outcome {
  const state = fromBinary(OrderStateSchema, payload);
  const frozenUntil = Number(state.frozenUntilSeconds);
  return {
    data: {
      validator,
      number: Number(state.number),
      frozenUntilSeconds: frozenUntil,
      digest: orderDigest(signed.order),
    },
    lines: [
      actionOf(signed.order),
      `  obeyed by  ${validatorName(validator)}, which tells the others`,
      `  number     ${state.number}`,
      frozenUntil > 0 ? `  payouts    FROZEN ${endOfFreeze(frozenUntil)}` : '  payouts    ALLOWED',
    ],
    next: 'status',
  };
}
