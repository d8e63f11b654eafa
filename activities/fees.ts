import { fromBinary } from '@bufbuild/protobuf';
import { middleFee } from '../domain/vault/fee.ts';
import type { FeeLook } from '../domain/vault/fee-ladder.ts';
import { FeeSeenSchema, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from './asking.ts';
import { attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { everyone } from './gathering.ts';
import type { PayoutPlace } from './payouts.ts';

/** Blocks within which a payout should confirm; what `payout` asks about too. */
const TARGET_BLOCKS = 6;

export function createFeeActivities(deps: ActivityDependencies) {
  return {
    /** What a payout of these coins should cost now, by the nodes of the validators: the middle of what they say. Too few of them are no estimate. */
    seeFee: (input: { readonly place: PayoutPlace; readonly seconds: number }): Promise<FeeLook> =>
      attempt(deps, 'seeFee', async (now) => {
        const ask = requestBytes(deps, { case: 'sayFee', value: { targetBlocks: TARGET_BLOCKS } });
        const validators = everyone(deps);
        const { accepted } = await gather(deps, now, {
          requests: new Map(validators.map((validator) => [validator, ask])),
          enough: validators.length,
          expected: { round: Round.FEE_SEEN },
          untilMs: deps.clock() + input.seconds * 1_000,
        });
        const said = [...accepted.values()].map(({ payload }) => {
          const { satsPerKvb, floorSatsPerKvb, reason } = fromBinary(FeeSeenSchema, payload);
          return { satsPerKvb: Number(satsPerKvb), floorSatsPerKvb: Number(floorSatsPerKvb), reason };
        });
        const estimate = middleFee(said, deps.genesis.threshold);
        if (estimate.kind === 'no-estimate') return { kind: 'no-estimate', reason: estimate.reason.slice(0, 200) };
        const vsize = deps.chain.codec.payoutVsize(input.place.outpoints.length, input.place.payoutScript);
        return { kind: 'estimate', feeSats: Math.ceil((vsize * estimate.satsPerKvb) / 1_000) };
      }),
  };
}
