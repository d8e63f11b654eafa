import { sleep, startChild } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { SweepPlanning } from '../../activities/sweep.ts';
import type { Verdict } from '../../domain/errors/failure.ts';
import { askUntil } from '../lib/ask.ts';
import { childOptions } from '../lib/child.ts';
import { effects, named } from '../lib/effects.ts';
import type { Change } from '../lib/track.ts';
import { OPEN_VAULT, startOpenVault } from '../open-vault/messages.ts';
import type { SweepVaultInput, SweepVaultPhase } from './messages.ts';
import { entering } from './state.ts';

const HOLD_SECONDS = 600;
/** A participant of the new key that is down now still has to say that it holds the certificate before the address is shown. */
const OPEN_SECONDS = 7 * 86_400;
const TRIES_MAX = 5;
const PAUSE_MS = 5_000;

type Planned = Extract<SweepPlanning, { kind: 'planned' }>;

/** As many of the new key as must sign hold the terms and watch the address, from the block at which the sweep was planned. */
export async function holdTerms(
  { to }: SweepVaultInput,
  { plan, signedTerms, receivers, tipHeight }: Planned,
  report: (change: Change<SweepVaultPhase>) => void,
): Promise<Verdict<unknown>> {
  report(entering('reopening', plan.threshold));
  return askUntil({
    need: plan.threshold,
    of: receivers,
    seconds: HOLD_SECONDS,
    slice: (slice) =>
      effects.askTermsHeld.executeWithOptions(named('Hand the terms to the validators of the new key', slice.seconds), [
        { ...slice, signedTerms, key: to, script: plan.place.payoutScript, watchFromHeight: tipHeight },
      ]),
    onSlice: ({ have, missing }) => report({ have: have.length, missing: missing.map(({ validator }) => validator) }),
  });
}

/**
 * Opens the vault once more, under the new key, as a process that outlives this one: whoever asks for the vault is told the new address
 * as soon as all participants hold the certificate. The coins do not wait for that.
 */
export async function reopen(
  { network, to }: SweepVaultInput,
  { signedTerms, tipHeight }: Pick<Planned, 'signedTerms' | 'tipHeight'>,
): Promise<void> {
  const opening = { network, signedTerms, key: to, watchFromHeight: tipHeight, patienceSeconds: OPEN_SECONDS };
  const options = { ...childOptions(startOpenVault(opening)), parentClosePolicy: 'ABANDON' as const };
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    try {
      await startChild(OPEN_VAULT, options);
      return;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await sleep(PAUSE_MS, { summary: 'The vault is being opened by somebody else' });
    }
  }
}
