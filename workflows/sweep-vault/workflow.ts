import type { SweepPlanning } from '../../activities/sweep.ts';
import type { Refusal, Verdict } from '../../domain/errors/failure.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { settle } from '../lib/settle.ts';
import { sign, type Signed } from '../lib/sign.ts';
import { trackProgress } from '../lib/track.ts';
import type { SweepVaultInput, SweepVaultPhase, SweepVaultResult } from './messages.ts';
import { holdTerms, reopen } from './reopen.ts';
import { entering, otherFee, PLANS_MAX } from './state.ts';

const CONFIRMATIONS_DEFAULT = 6;

type Planned = Extract<SweepPlanning, { kind: 'planned' }>;

/** One transaction moves the coins of one vault to its address under the new key; the votes and not the release key let it. */
export async function sweepVault(input: SweepVaultInput): Promise<SweepVaultResult> {
  const confirmations = input.confirmations ?? CONFIRMATIONS_DEFAULT;
  const track = trackProgress<SweepVaultPhase>({
    phase: 'planning',
    percent: 0,
    awaitingRole: 'nobody',
    next: 'nobody; the sweep is planned',
    meanwhile: 'nothing is signed',
  });
  const refused = (refusal: Refusal): SweepVaultResult => {
    track.change({ ...entering('refused'), next: `an operator must look: ${refusal.message}`.slice(0, 400) });
    return { outcome: 'refused', refusal };
  };

  const agreed = await planAndSign(input, confirmations, track.change);
  if (!agreed.ok) return refused(agreed.refusal);
  if (agreed.value.kind === 'empty') {
    track.change(entering('empty'));
    return { outcome: 'empty' };
  }
  if (agreed.value.kind === 'not-yet') {
    const { reason } = agreed.value;
    track.change({ ...entering('waiting'), meanwhile: reason });
    return { outcome: 'not-yet', reason };
  }

  const { planned, signed } = agreed.value;
  const { plan } = planned;
  const held = await holdTerms(input, planned, track.change);
  if (!held.ok) return refused(held.refusal);
  await reopen(input, planned);

  track.change(entering('broadcasting'));
  const { transaction, evidence, session, sessions } = signed;
  const sent = await verdictOf(
    effects.broadcastPayout.executeWithOptions(named('Hand the transaction to the Bitcoin node'), [
      { transaction, txid: plan.txid },
    ]),
  );
  // A final no is not the end: the same coins may be spent by a payout that was signed before. The outpoints tell.
  if (!sent.ok) track.change({ meanwhile: `the node refused: ${sent.refusal.message}`.slice(0, 400) });

  const settled = await settle({ place: plan.place, confirmations, transaction, entering, report: track.change });
  if (!settled.ok) return refused(settled.refusal);
  track.change(entering('swept'));
  return {
    outcome: 'swept',
    ...settled.value,
    feeSats: plan.feeSats,
    sweptSats: plan.payoutSats,
    signers: session.signers,
    ceremony: session.ceremony,
    sessions,
    transaction,
    evidence,
    ...(signed.blame === undefined ? {} : { blame: signed.blame }),
  };
}

type Agreed =
  | Exclude<SweepPlanning, Planned>
  | { readonly kind: 'signed'; readonly planned: Planned; readonly signed: Signed };

/** Plans until validators sign one, each with another fee than the one before; nothing is broadcast here. */
async function planAndSign(
  input: SweepVaultInput,
  confirmations: number,
  report: Parameters<typeof sign<SweepVaultPhase>>[0]['report'],
): Promise<Verdict<Agreed>> {
  const { network, vault, from, to, watchFromHeight, step, proof, epochs, sessionSeconds } = input;
  let feeTimes = 1;
  let feeSats = 0;
  let last: Refusal = { code: 'unavailable.validators', message: 'nothing was planned' };
  for (let plans = 1; plans <= PLANS_MAX; plans += 1) {
    const looked = await verdictOf(
      effects.planSweep.executeWithOptions(named('Find the coins of the vault, build the transaction'), [
        { network, vault, from, to, watchFromHeight, confirmations, feeTimes },
      ]),
    );
    if (!looked.ok || looked.value.kind !== 'planned') return looked as Verdict<Exclude<SweepPlanning, Planned>>;
    const planned = looked.value;
    // The terms allow no other fee than the one that was refused.
    if (planned.plan.feeSats === feeSats) break;
    feeSats = planned.plan.feeSats;
    const signed = await sign<SweepVaultPhase>({
      subject: { key: from, plan: planned.plan, sweep: { vault, successor: to, step, proof, epochs } },
      vault,
      ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
      entering,
      report,
    });
    if (!('refusal' in signed)) return { ok: true, value: { kind: 'signed', planned, signed } };
    last = signed.refusal;
    const times = otherFee(feeTimes, last);
    if (times === undefined) break;
    feeTimes = times;
    report(entering('planning'));
  }
  return { ok: false, refusal: last };
}
