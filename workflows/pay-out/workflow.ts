import { patched } from '@temporalio/workflow';
import type { Blamed } from '../../activities/blame.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { settle } from '../lib/settle.ts';
import { trackProgress } from '../lib/track.ts';
import { climbing, type HandedIn, type HandIn } from './climbing.ts';
import type { PayOutInput, PayOutPhase, PayOutResult } from './messages.ts';
import { plan } from './plan.ts';
import { roomAwaited } from './room.ts';
import { atFee, ladderOf } from './rungs.ts';
import { entering } from './state.ts';

const CONFIRMATIONS_DEFAULT = 6;

/**
 * One release request, one confirmed spend. It names one transaction for each of its fees; each is built once, and every session of it signs
 * the same bytes. Whichever of them the chain takes is the result.
 */
export async function payOut(input: PayOutInput): Promise<PayOutResult> {
  const confirmations = input.confirmations ?? CONFIRMATIONS_DEFAULT;
  const track = trackProgress<PayOutPhase>({
    phase: 'planning',
    percent: 0,
    awaitingRole: 'nobody',
    next: 'nobody; the payout is planned',
    meanwhile: 'nothing is signed',
  });
  const refused = (refusal: Refusal, sessions: number, blame: readonly Blamed[] = []): PayOutResult => {
    track.change({ ...entering('refused'), next: `an operator must look: ${refusal.message}`.slice(0, 400) });
    return { outcome: 'refused', refusal, sessions, blame };
  };

  const planned = await plan(input, confirmations, track.change);
  if (!planned.ok) return refused(planned.refusal, 0);
  if (planned.value.kind === 'spent') {
    const settled = await settle({ place: planned.value.place, confirmations, entering, report: track.change });
    if (!settled.ok) return refused(settled.refusal, 0);
    track.change(entering('settled'));
    return { outcome: 'settled-before', ...settled.value };
  }

  const { plan: lowest, higher = [], maximumFeeSats } = planned.value;
  const climbs = patched('payouts-climb');
  const ladder = ladderOf(input, lowest, climbs ? higher : [], track.change);
  const first = await ladder.sign(0, roomAwaited(input.signedReleaseRequest.request, track.change));
  if ('refusal' in first) return refused(first.refusal, first.sessions, ladder.blame());

  const handIn: HandIn = async ({ transaction, plan: { txid } }): Promise<HandedIn> => {
    track.change(entering('broadcasting'));
    const sent = await verdictOf(
      effects.broadcastPayout.executeWithOptions(named('Hand the transaction to the Bitcoin node'), [
        { transaction, txid, ...(climbs ? { mayRefuse: true } : {}) },
      ]),
    );
    // A final no is not the end: the same coins may be spent by an earlier broadcast. The outpoints tell.
    if (!sent.ok) track.change({ meanwhile: `the node refused: ${sent.refusal.message}`.slice(0, 400) });
    const isHeld = sent.ok && sent.value?.outcome !== 'refused';
    return { isHeld, ...(sent.ok && sent.value?.tipHeight !== undefined ? { tipHeight: sent.value.tipHeight } : {}) };
  };
  const firstHandedIn = await handIn(first);
  const settled = await settle({
    place: lowest.place,
    confirmations,
    transaction: first.transaction,
    entering,
    report: track.change,
    ...(climbs
      ? {
          unsticking: climbing({
            input,
            confirmations,
            ladder,
            ...(maximumFeeSats === undefined ? {} : { maximumFeeSats }),
            first,
            firstHandedIn,
            handIn,
            report: track.change,
          }),
        }
      : {}),
  });
  if (!settled.ok) return refused(settled.refusal, ladder.sessions(), ladder.blame());
  track.change(entering('settled'));
  const signed = ladder.signed.map(atFee);
  const winner = ladder.signed.find(({ plan: { txid } }) => txid === settled.value.txid);
  if (winner === undefined) return { outcome: 'settled-before', ...settled.value, alsoSigned: signed };
  const { plan: paid, session, transaction, evidence } = winner;
  return {
    outcome: 'settled',
    ...settled.value,
    feeSats: paid.feeSats,
    payoutSats: paid.payoutSats,
    signers: session.signers,
    ceremony: session.ceremony,
    sessions: ladder.sessions(),
    transaction,
    evidence,
    blame: ladder.blame(),
    ...(signed.length > 1 ? { alsoSigned: signed } : {}),
  };
}
