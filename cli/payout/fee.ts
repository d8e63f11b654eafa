import { fromBinary } from '@bufbuild/protobuf';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { FeeEstimate } from '../../domain/ports/chain.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { feeFor, middleFee, RELAY_FLOOR_SATS_PER_KVB } from '../../domain/vault/fee.ts';
import { proposeHigherFees } from '../../domain/vault/fee-ladder.ts';
import type { ReleaseRequest, Sats, Terms } from '../../domain/vault/terms.ts';
import { SUPPLY_SATS } from '../../domain/vault/verify-terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { FeeSeenSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, type Heard, within } from '../asking.ts';
import { readWholeNumber } from '../duration.ts';
import { roster } from '../validators.ts';

/** Blocks within which a payout should confirm. */
const TARGET_BLOCKS = 6;

/** Without another word a stuck payout may become so many times as dear, and no more than the terms allow. */
const HIGHEST_TIMES = 8;

export type Fees = Pick<ReleaseRequest, 'feeSats' | 'higherFeesSats'>;
export type TypedFees = { readonly fee?: string | undefined; readonly highestFee?: string | undefined };

/** The first fee, and what may replace it when it is stuck: nothing that the terms do not allow, and nothing that leaves dust. */
export async function feesOf(
  typed: TypedFees,
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  terms: Terms,
  deposits: { readonly count: number; readonly amountSats: Sats },
): Promise<Fees> {
  const codec = transactionCodec(genesis.bitcoinNetwork);
  const vsize = codec.payoutVsize(deposits.count, terms.payoutScript);
  const feeSats = await feeOf(typed.fee, genesis, network, terms, vsize);
  const mostSats = Math.min(terms.maximumFeeSats, deposits.amountSats - codec.dustLimitSats(terms.payoutScript));
  const highestSats =
    typed.highestFee === undefined
      ? Math.min(mostSats, feeSats * HIGHEST_TIMES)
      : typedHighest(typed.highestFee, feeSats, mostSats);
  const higherFeesSats = proposeHigherFees(feeSats, highestSats, vsize);
  return higherFeesSats.length === 0 ? { feeSats } : { feeSats, higherFeesSats };
}

function typedHighest(typed: string, feeSats: Sats, mostSats: Sats): Sats {
  const highestSats = readWholeNumber(typed, '--highest-fee', 1, SUPPLY_SATS);
  if (highestSats >= feeSats && highestSats <= mostSats) return highestSats;
  throw new FirebreakFailure(
    'input.usage',
    `--highest-fee ${typed}: must be from ${feeSats} sat, the first fee, to ${mostSats} sat, the most that the terms of this vault and its deposits leave room for`,
    { feeSats, mostSats },
  );
}

/** What was typed, else what the validators' nodes estimate; only where blocks cost nothing is the floor taken without asking. */
async function feeOf(
  typed: string | undefined,
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  { maximumFeeSats }: Terms,
  vsize: number,
): Promise<Sats> {
  if (typed !== undefined) return typedFee(typed, vsize, maximumFeeSats);
  const estimate = await agreedFee(genesis, network, TARGET_BLOCKS);
  const feeSats = feeFor(estimate, vsize, maximumFeeSats);
  if (estimate.kind === 'estimate' || genesis.bitcoinNetwork === 'regtest') return feeSats;
  throw new FirebreakFailure(
    'not-yet.fee-estimate',
    `${estimate.reason}; the smallest fee that is relayed would be ${feeSats} sat`,
    { floorSats: feeSats },
  );
}

const LEAST: FeeEstimate = {
  kind: 'no-estimate',
  floorSatsPerKvb: RELAY_FLOOR_SATS_PER_KVB,
  reason: 'what every node relays',
};

/** A fee that no validator would sign for is refused here, before anybody has signed anything. */
function typedFee(typed: string, vsize: number, mostSats: Sats): Sats {
  const leastSats = feeFor(LEAST, vsize, mostSats);
  const feeSats = readWholeNumber(typed, '--fee', 1, SUPPLY_SATS);
  if (feeSats >= leastSats && feeSats <= mostSats) return feeSats;
  throw new FirebreakFailure(
    'input.usage',
    `--fee ${typed}: must be from ${leastSats} sat, the least that is relayed for this payout of ${vsize} virtual bytes, to ${mostSats} sat, the maximum in the terms of this vault`,
    { leastSats, mostSats },
  );
}

/**
 * What a payout costs per 1,000 virtual bytes when it should confirm within `targetBlocks`: the middle of what a quorum of
 * validators hears from nodes of its own, so that no single one can make it dear or stuck. `unavailable.validators` when too few
 * answer.
 */
async function agreedFee(
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  targetBlocks: number,
): Promise<FeeEstimate> {
  const question = { case: 'sayFee', value: { $typeName: 'firebreak.v1.SayFee', targetBlocks } } as const;
  const context = within(30, `fee-${targetBlocks}`);
  return middle(genesis, await askEach(network, genesis, roster(genesis), question, Round.FEE_SEEN, context));
}

/** `unavailable.validators` when fewer than a quorum answered: that is no word about fees. */
export function middle(genesis: NetworkGenesis, heard: readonly Heard[]): FeeEstimate {
  const said = heard.flatMap((one) => {
    if (!one.ok) return [];
    const { satsPerKvb, floorSatsPerKvb, reason } = fromBinary(FeeSeenSchema, one.opened.payload);
    return [{ satsPerKvb: Number(satsPerKvb), floorSatsPerKvb: Number(floorSatsPerKvb), reason }];
  });
  const estimate = middleFee(said, genesis.threshold);
  if (said.length >= genesis.threshold) return estimate;
  throw new FirebreakFailure(
    'unavailable.validators',
    `${said.length} of the ${genesis.threshold} validators that are needed told what a payout costs`,
  );
}
