import { sleep } from '@temporalio/workflow';
import type { PayoutPlanning } from '../../activities/payouts.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import type { Change } from '../lib/track.ts';
import type { PayOutInput, PayOutPhase } from './messages.ts';
import { entering, planPauseMs } from './state.ts';

/** About three hours of waiting, and few events. */
const ROUNDS_MAX = 40;

export type Ready = Extract<PayoutPlanning, { kind: 'planned' | 'spent' }>;

/** Waits for the deposits, never longer than the request is valid, and not longer than its looks last. */
export async function plan(
  input: PayOutInput,
  confirmations: number,
  report: (change: Change<PayOutPhase>) => void,
): Promise<Verdict<Ready>> {
  const { network, key, watchFromHeight, signedReleaseRequest: release } = input;
  let reason = 'the request had expired';
  let ended = `in ${ROUNDS_MAX} looks; the request is still valid and can be started again`;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const planned = await verdictOf(
      effects.planPayout.executeWithOptions(named('Find the deposits, build the transaction of the request'), [
        {
          network,
          release,
          key,
          watchFromHeight,
          confirmations,
        },
      ]),
    );
    if (!planned.ok) return planned;
    const { value } = planned;
    if (value.kind === 'planned' || value.kind === 'spent') return accept(value);
    reason = value.reason;
    report({ ...entering('planning'), meanwhile: `${entering('planning').meanwhile ?? ''}; last look: ${reason}` });
    const leftMs = release.request.expiresAtSeconds * 1_000 - Date.now();
    if (leftMs <= 0) {
      ended = 'while its request was valid';
      break;
    }
    await sleep(Math.min(planPauseMs(round), leftMs + 1_000), { summary: `Look again later: ${reason}`.slice(0, 200) });
  }
  return refuse('unavailable.payout-plan', `the payout could not be planned ${ended}: ${reason}`);
}
