import { fromBinary } from '@bufbuild/protobuf';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { Round, ValidatorStatusSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, within } from '../asking.ts';
import { roster } from '../validators.ts';

/** The height that a quorum of validators has reached, by their own signed words: the threshold-highest tip. */
export async function agreedHeight(genesis: NetworkGenesis, network: ValidatorNetwork): Promise<number> {
  const heard = await askEach(
    network,
    genesis,
    roster(genesis),
    { case: 'sayStatus', value: { $typeName: 'firebreak.v1.SayStatus' } },
    Round.STATUS,
    within(60, 'status'),
  );
  const heights = heard
    .flatMap((one) => (one.ok ? [fromBinary(ValidatorStatusSchema, one.opened.payload).tipHeight] : []))
    .sort((a, b) => b - a);
  const height = heights[genesis.threshold - 1];
  if (height === undefined) {
    throw new FirebreakFailure(
      'unavailable.validators',
      `${heights.length} of the ${genesis.threshold} validators that are needed told their tip`,
    );
  }
  return height;
}
