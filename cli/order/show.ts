import { judgeOrder, NO_ORDER } from '../../domain/committee/order.ts';
import { readOrder } from '../documents.ts';
import { EXIT } from '../exit.ts';
import { type CommitteeOptions, presentGenesis } from '../authority.ts';
import type { Outcome } from '../outcome.ts';
import { describeOrder, orderData } from './words.ts';

/** Prints an order and whether a validator with the pinned genesis, and no newer order, would obey it now. */
export function showOrder(
  file: string,
  options: CommitteeOptions,
  nowSeconds: number = Math.floor(Date.now() / 1000),
): Outcome {
  const genesis = presentGenesis(options);
  const signed = readOrder(file);
  const verdict = judgeOrder(signed, genesis, NO_ORDER, nowSeconds);
  // Whoever signs what was changed after others signed it makes it more true than it is.
  const unsigned =
    !verdict.ok && verdict.refusal.code === 'policy.order-quorum' && verdict.refusal.details?.['idle'] === 0;
  return {
    data: {
      ...orderData(signed, genesis),
      valid: verdict.ok,
      ...(verdict.ok ? {} : { refusal: verdict.refusal }),
    },
    lines: [
      ...describeOrder(signed, genesis),
      verdict.ok
        ? '  verdict    VALID: a validator obeys it, unless it knows of a later order'
        : `  verdict    NOT VALID (${verdict.refusal.code}): ${verdict.refusal.message}`,
    ],
    ...(verdict.ok
      ? { next: `order send ${file}` }
      : unsigned
        ? { next: `order sign ${file} --key <member key file>` }
        : {}),
    exitCode: verdict.ok ? EXIT.done : EXIT.refused,
  };
}
