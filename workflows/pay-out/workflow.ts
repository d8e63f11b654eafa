import type { Blamed } from '../../activities/blame.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { settle } from '../lib/settle.ts';
import { sign } from '../lib/sign.ts';
import { trackProgress } from '../lib/track.ts';
import type { PayOutInput, PayOutPhase, PayOutResult } from './messages.ts';
import { plan } from './plan.ts';
import { roomAwaited } from './room.ts';
import { entering } from './state.ts';

const CONFIRMATIONS_DEFAULT = 6;

/** One release request, one transaction, one confirmed spend. The transaction is built once; every session signs the same bytes. */
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

  const payout = planned.value.plan;
  const { key, signedReleaseRequest: release, sessionsMax, sessionSeconds } = input;
  const signed = await sign({
    subject: { key, release, plan: payout },
    vault: release.request.vault,
    ...(sessionsMax === undefined ? {} : { sessionsMax }),
    ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
    entering,
    report: track.change,
    awaitRoom: roomAwaited(release.request, track.change),
  });
  if ('refusal' in signed) return refused(signed.refusal, signed.sessions, signed.blame);

  track.change(entering('broadcasting'));
  const { transaction, evidence } = signed;
  const sent = await verdictOf(
    effects.broadcastPayout.executeWithOptions(named('Hand the transaction to the Bitcoin node'), [
      { transaction, txid: payout.txid },
    ]),
  );
  // A final no is not the end: the same coins may be spent by an earlier broadcast. The outpoints tell.
  if (!sent.ok) track.change({ meanwhile: `the node refused: ${sent.refusal.message}`.slice(0, 400) });

  const settled = await settle({ place: payout.place, confirmations, transaction, entering, report: track.change });
  if (!settled.ok) return refused(settled.refusal, signed.sessions, signed.blame);
  track.change(entering('settled'));
  return {
    outcome: 'settled',
    ...settled.value,
    feeSats: payout.feeSats,
    payoutSats: payout.payoutSats,
    signers: signed.session.signers,
    ceremony: signed.session.ceremony,
    sessions: signed.sessions,
    transaction,
    evidence,
    blame: signed.blame ?? [],
  };
}
