import { isFrozen } from '../../../domain/committee/order.ts';
import { accept, type Refusal, refuse, type Verdict } from '../../../domain/errors/failure.ts';
import type { WatchedOutput } from '../../../domain/ports/chain.ts';
import {
  type Outpoint,
  outpointText,
  type ReleaseRequest,
  type Sats,
  type Terms,
} from '../../../domain/vault/terms.ts';
import { feeLadder } from '../../../domain/vault/fee-ladder.ts';
import type { AgentDependencies } from '../dependencies.ts';
import { wordedBrake, wordedEnd } from '../frozen-by.ts';
import type { OrderStanding } from '../journal/journal.ts';

export const ANCHOR_DEPTH_DEFAULT = 144;

type View = Pick<AgentDependencies, 'chain' | 'policy' | 'codec'>;

/** The validator's own node, not the coordinator's: it must be at its tip and without trouble before it is asked anything. */
export function judgeChain({ chain }: Pick<View, 'chain'>): Refusal | undefined {
  const status = chain.status();
  if (status.synced && status.trouble === undefined) return undefined;
  const why = status.trouble?.code ?? `at height ${status.tip.height}`;
  return { code: 'not-yet.chain-syncing', message: `the own chain view is not at its tip (${why})` };
}

/** The world that the request was planned in: still there, and not long gone. */
export function judgeAnchor({ chain, policy }: View, hash: string, height: number): Refusal | undefined {
  if (!chain.isCanonical({ hash, height })) {
    return {
      code: 'conflict.anchor-orphaned',
      message: `block ${hash.slice(0, 64)} at ${height} is not canonical here`,
    };
  }
  const depth = chain.status().tip.height - height;
  const depthMax = policy.anchorDepthMax ?? ANCHOR_DEPTH_DEFAULT;
  if (depth <= depthMax) return undefined;
  return {
    code: 'policy.anchor-old',
    message: `the request was planned ${depth} blocks ago, at most ${depthMax} are allowed`,
  };
}

export function judgeFreeze(standing: OrderStanding, nowSeconds: number): Refusal | undefined {
  const { state } = standing;
  if (!isFrozen(state, nowSeconds)) return undefined;
  return {
    code: 'policy.frozen',
    message: `payouts are frozen by ${wordedBrake(standing)} until ${wordedEnd(standing)}`,
    details: { order: state.number, frozenUntilSeconds: state.frozenUntilSeconds },
  };
}

/** One deposit as this validator sees it: canonical, deep enough, unspent, and on the script that it derived itself. */
export function judgeDeposit({ chain, policy }: View, outpoint: Outpoint, vaultScript: string): Verdict<WatchedOutput> {
  const name = outpointText(outpoint);
  const { output } = chain.output(outpoint);
  if (output === undefined) return refuse('not-yet.deposit', `output ${name} is not in the chain of this validator`);
  if (output.script !== vaultScript)
    return refuse('policy.prevout', `output ${name} is not on the script of the vault`);
  if (output.spentBy !== undefined) {
    return refuse('conflict.deposit-spent', `output ${name} is spent by ${output.spentBy.txid}`, {
      txid: output.spentBy.txid,
    });
  }
  if (output.confirmations < policy.confirmationsRequired) {
    return refuse(
      'not-yet.confirmations',
      `output ${name} has ${output.confirmations} of ${policy.confirmationsRequired} confirmations`,
    );
  }
  return accept(output);
}

/**
 * The release request and the transaction are about the same coins in the same order, counted in the own view: with the fee,
 * which is compared after, there is one transaction that fits one fee of a request.
 */
export function judgeRelease(
  request: ReleaseRequest,
  inputs: readonly Outpoint[],
  deposits: readonly WatchedOutput[],
): Refusal | undefined {
  const named = request.outpoints.map(outpointText);
  const spent = inputs.map(outpointText);
  if (named.length !== spent.length || named.some((outpoint, at) => outpoint !== spent[at])) {
    return {
      code: 'policy.release-outpoints',
      message: 'the transaction spends other outputs than were released, or in another order',
    };
  }
  const sum = sumOf(deposits);
  if (sum === request.amountSats) return undefined;
  return { code: 'policy.release-sum', message: `${request.amountSats} sats were released, the outputs hold ${sum}` };
}

/** The one script that the coins may go to, derived by this validator, and what it says when they go elsewhere. */
export type Destination = { readonly script: string; readonly otherwise: Refusal };

/** Everything about the transaction that is not about its inputs: one output, to that script, at a bearable fee. The value is the fee. */
export function judgeOutput(
  view: View,
  terms: Terms,
  { script, otherwise }: Destination,
  bytes: Uint8Array,
  deposits: readonly WatchedOutput[],
): Verdict<Sats> {
  const { codec, policy } = view;
  const { inputs, outputs } = codec.readTransaction(bytes);
  const [output] = outputs;
  if (output === undefined || outputs.length !== 1)
    return refuse('policy.payout-outputs', `the transaction has ${outputs.length} outputs instead of one`);
  if (output.script !== script) return { ok: false, refusal: otherwise };
  const dustSats = codec.dustLimitSats(script);
  if (output.amountSats < dustSats)
    return refuse('policy.payout-dust', `the output of ${output.amountSats} sats is below ${dustSats}`);
  const feeSats = sumOf(deposits) - output.amountSats;
  const capSats = Math.min(terms.maximumFeeSats, policy.feeCapSats);
  if (feeSats > capSats) return refuse('policy.payout-fee-cap', `the fee of ${feeSats} sats is above ${capSats}`);
  const vsize = codec.payoutVsize(inputs.length, script);
  const floorSats = Math.ceil((vsize * policy.minFeeRateSatsPerKvb) / 1_000);
  if (feeSats < floorSats) return refuse('policy.payout-fee-floor', `the fee of ${feeSats} sats is below ${floorSats}`);
  const form = judgeForm(view, script, bytes, inputs, deposits, feeSats);
  return form === undefined ? accept(feeSats) : { ok: false, refusal: form };
}

/** Nobody but the release key says which fees a payout may have; of several it signed, any, since locks move to higher ones only. */
export function judgeReleasedFee(request: ReleaseRequest, feeSats: Sats): Refusal | undefined {
  const ladder = feeLadder(request);
  if (ladder.includes(feeSats)) return undefined;
  return {
    code: 'policy.payout-fee',
    message: `the fee is ${feeSats} sats, the release key signed ${ladder.join(', ')}`,
  };
}

/** Version, lock time and sequences have no meaning to agree on: the bytes are those that this validator would build, or none. */
function judgeForm(
  { codec }: View,
  script: string,
  bytes: Uint8Array,
  inputs: readonly Outpoint[],
  deposits: readonly WatchedOutput[],
  feeSats: Sats,
): Refusal | undefined {
  const plan = {
    inputs: inputs.map((outpoint, at) => ({
      outpoint,
      amountSats: deposits[at]?.amountSats ?? 0,
      script: deposits[at]?.script ?? '',
    })),
    payoutScript: script,
    feeSats,
  };
  if (Buffer.from(codec.buildPayout(plan).transaction).equals(bytes)) return undefined;
  return { code: 'policy.payout-form', message: 'the transaction is not the one that this validator builds' };
}

const sumOf = (deposits: readonly WatchedOutput[]): Sats =>
  deposits.reduce((sum, { amountSats }) => sum + amountSats, 0);
