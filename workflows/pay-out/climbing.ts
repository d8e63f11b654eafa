import type { Settlement } from '../../activities/settlement.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { type FeeLook, judgeClimb } from '../../domain/vault/fee-ladder.ts';
import type { Sats } from '../../domain/vault/terms.ts';
import { effects, named } from '../lib/effects.ts';
import type { Unsticking } from '../lib/settle.ts';
import type { Change } from '../lib/track.ts';
import type { PayOutInput, PayOutPhase } from './messages.ts';
import type { Ladder, SignedRung } from './rungs.ts';
import { entering } from './state.ts';

const BUMP_AFTER_BLOCKS_DEFAULT = 6;
const BUMP_AFTER_BLOCKS_MAX = 1_008;
/** After so many looks at the fee a run only waits: each is some events of a history that is replayed whole. */
const LOOKS_MAX = 24;
/** So often a run asks for a signature at a higher fee and gets none. */
const REFUSED_MAX = 3;
const ASK_FEE_SECONDS = 5;

/** How a hand-in ended, by the worker's own node. */
export type HandedIn = { readonly isHeld: boolean; readonly tipHeight?: number };
export type HandIn = (signed: SignedRung) => Promise<HandedIn>;

export type Climbing = {
  readonly input: PayOutInput;
  readonly confirmations: number;
  readonly ladder: Ladder;
  /** That the terms allow; absent in a plan of an earlier build. */
  readonly maximumFeeSats?: Sats;
  readonly first: SignedRung;
  readonly firstHandedIn: HandedIn;
  readonly handIn: HandIn;
  readonly report: (change: Change<PayOutPhase>) => void;
};

/** Looks at the fee when blocks pass a payout by or nodes do not hold it, and signs a higher one as far as the release key allowed it. */
export function climbing(parts: Climbing): Unsticking {
  const { input, confirmations, ladder, handIn, report } = parts;
  const { request } = input.signedReleaseRequest;
  const blocks = Math.min(Math.max(input.bumpAfterBlocks ?? BUMP_AFTER_BLOCKS_DEFAULT, 1), BUMP_AFTER_BLOCKS_MAX);
  let present = parts.first;
  let { isHeld } = parts.firstHandedIn;
  /** Fees above this place are not to be had any more. */
  let end = ladder.fees.length - 1;
  let lookAtHeight: number | undefined;
  let asksNode = true;
  let looks = 0;
  let refused = 0;
  let blind = 0;
  let pauseBlocks = blocks;

  const words = (look: FeeLook, phase: 'waiting-for-fee' | 'waiting-for-estimate'): Change<PayOutPhase> => {
    const fee = ladder.fees[present.rung] ?? 0;
    const held = isHeld ? 'the transaction is handed in again, and may still confirm' : NOT_HELD;
    if (phase === 'waiting-for-estimate') {
      const next = ladder.fees[present.rung + 1];
      const then = next === undefined ? '' : `; when it is late once more, it is replaced at ${next} sat all the same`;
      const reason = look.kind === 'no-estimate' ? look.reason : '';
      return { ...entering(phase), next: `nobody knows what a payout costs now: ${reason}`, meanwhile: held + then };
    }
    const must = whoMustSign(look, fee, request.vault, parts.maximumFeeSats);
    const next = isHeld || look.kind === 'estimate' ? must : `${JUST_BACK}; else ${must}`;
    return { ...entering(phase), next, meanwhile: held };
  };

  const climb = async (rung: number, tipHeight: number): Promise<BlobRef | undefined> => {
    const ended = await ladder.sign(rung);
    if ('refusal' in ended) {
      const { code, message } = ended.refusal;
      // Operators allow no such fee, or the request has expired: nobody gives a higher one. Anything else may pass.
      if (code === 'policy.payout-fee-cap' || code === 'policy.release-expired') end = present.rung;
      refused += 1;
      if (refused >= REFUSED_MAX) end = present.rung;
      lookAtHeight = tipHeight + blocks;
      const meanwhile = `a higher fee was not signed: ${message}`.slice(0, 400);
      report({ ...entering('settling', confirmations), meanwhile });
      return undefined;
    }
    present = ended;
    blind = 0;
    pauseBlocks = blocks;
    asksNode = true;
    const handed = await handIn(ended);
    isHeld = handed.isHeld;
    lookAtHeight = Math.max(tipHeight, handed.tipHeight ?? 0) + blocks;
    report(entering('settling', confirmations));
    return ended.transaction;
  };

  const look = async (isLate: boolean, tipHeight: number): Promise<BlobRef | undefined> => {
    looks += 1;
    const { place } = present.plan;
    const fee = await effects.seeFee.executeWithOptions(
      named('Ask the validators what a payout costs now', ASK_FEE_SECONDS),
      [{ place, seconds: ASK_FEE_SECONDS }],
    );
    const isExpired = Date.now() >= request.expiresAtSeconds * 1_000;
    const top = isExpired ? present.rung : end;
    const usable = ladder.fees.slice(0, Math.max(top, present.rung) + 1);
    const next = judgeClimb({ rung: present.rung, ladder: usable, look: fee, isLate, blindBefore: blind });
    if (next.kind === 'sign') return climb(next.rung, tipHeight);
    if (isLate) blind = fee.kind === 'no-estimate' ? blind + 1 : 0;
    // Nothing changes by looking often when there is no fee to take.
    pauseBlocks = next.because === 'ladder-ends' ? pauseBlocks * 2 : blocks;
    lookAtHeight = tipHeight + pauseBlocks;
    asksNode = false;
    if (next.because === 'ladder-ends') report(words(fee, 'waiting-for-fee'));
    else if (next.because === 'no-estimate') report(words(fee, 'waiting-for-estimate'));
    else report({ ...entering('settling', confirmations), meanwhile: ENOUGH });
    return undefined;
  };

  return {
    watch: () =>
      lookAtHeight === undefined || looks >= LOOKS_MAX
        ? undefined
        : { txid: present.plan.txid, height: lookAtHeight, asksNode },
    seen: async ({ state, stuck, tipHeight }: Settlement) => {
      // In a block, or gone from the chain: should a reorg give the coins back, blocks are counted anew.
      if (state !== 'unspent' || tipHeight === undefined) {
        lookAtHeight = undefined;
        return undefined;
      }
      const isFirst = lookAtHeight === undefined;
      lookAtHeight ??= tipHeight + blocks;
      if (stuck === 'not-held') isHeld = false;
      if (stuck !== undefined) return look(stuck === 'late', tipHeight);
      return isFirst && !isHeld && looks < LOOKS_MAX ? look(false, tipHeight) : undefined;
    },
  };
}

const ENOUGH =
  'the transaction pays what validators say a payout costs now; it is handed in again until a block takes it';
const NOT_HELD =
  'the Bitcoin node does not hold the transaction, because its fee is too low today or another one of these outputs is ahead; it is handed in again';

/** A node that lost its mempool, or has not caught up, looks the same as one to which the fee is too low when there are no estimates. */
const JUST_BACK = 'nobody, if a Bitcoin node has just come back: it is handed the transaction again';

/** Who must act at the end of a ladder, and what they type. */
function whoMustSign(look: FeeLook, feeSats: Sats, vault: string, maximumFeeSats: Sats | undefined): string {
  if (maximumFeeSats !== undefined && feeSats >= maximumFeeSats)
    return `nobody can pay more: the fee of ${feeSats} sat is the highest that the terms of the vault allow; it waits for cheaper blocks`;
  // Twice as much always pays for the bytes of a replacement too, which nodes want on top.
  const wanted = Math.max(feeSats * 2, look.kind === 'estimate' ? look.feeSats : 0);
  const enough = Math.min(wanted, maximumFeeSats ?? wanted);
  const costs =
    look.kind === 'estimate' ? `a payout costs ${look.feeSats} sat now` : 'nobody knows what a payout costs now';
  return `the release key must sign a higher fee than ${feeSats} sat, ${costs}: \`firebreak payout ${vault.slice(0, 8)} --release-key <file> --fee ${enough}\``;
}
