import {
  ChildWorkflowFailure,
  continueAsNew,
  executeChild,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { HeldVault } from '../../activities/holdings.ts';
import type { SweepList } from '../../activities/sweep.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { childOptions } from '../lib/child.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { trackProgress } from '../lib/track.ts';
import { startSweepVault, SWEEP_VAULT, type SweepVaultResult } from '../sweep-vault/messages.ts';
import type { SweepVaultsInput, SweepVaultsPhase, SweepVaultsResult, SweepVaultsState } from './messages.ts';
import { counted, entering, FIRST, goesOn, listPauseMs, nextPass, passPauseMs } from './state.ts';

/** Each is mostly waiting for blocks, and signs in the same moment as the others at worst: as many as validators let stand in line. */
const AT_ONCE_MAX = 60;
/** Vaults of one part of the list; each costs about a dozen events, and a run stays below 1,500. */
const PART = 80;
const EVENTS_BEFORE_CONTINUING = 400;
/** Two hours of looking for validators that list what they hold. */
const LOOKS_MAX = 40;

type Report = ReturnType<typeof trackProgress<SweepVaultsPhase>>['change'];

/** Pass after pass over the vaults that hold coins under the old key, until none is left or nothing more can be moved. */
export async function sweepVaults(input: SweepVaultsInput): Promise<SweepVaultsResult> {
  let state = input.carried ?? FIRST;
  const track = trackProgress<SweepVaultsPhase>({
    phase: 'listing',
    percent: 0,
    awaitingRole: 'validators',
    next: 'validators say which vaults hold coins under the old key',
    meanwhile: 'payouts are as they were; nothing is signed',
  });
  for (;;) {
    if (state.list === undefined) {
      const listed = await list(input, state, track.change);
      if (!listed.ok) {
        track.change({
          ...entering('refused', state),
          next: `an operator must look: ${listed.refusal.message}`.slice(0, 400),
        });
        return { outcome: 'refused', refusal: listed.refusal, swept: state.swept };
      }
      if (listed.value.count === 0) {
        track.change(entering('swept', state));
        const { swept, transcripts } = state;
        return { outcome: 'swept', vaults: swept, swept, transcripts };
      }
      state = { ...state, list: listed.value };
    }
    const { list: present } = state;
    for (; present !== undefined && state.at < present.count; ) {
      state = await sweepPart(input, state, present, track.change);
      if (workflowInfo().historyLength >= EVENTS_BEFORE_CONTINUING)
        await continueAsNew<typeof sweepVaults>({ ...input, carried: state });
    }
    if (!goesOn(state)) {
      track.change(entering('incomplete', state));
      const { swept, waiting, refused, left, transcripts } = state;
      return { outcome: 'incomplete', vaults: swept + waiting + refused, swept, left, transcripts };
    }
    track.change(entering('pausing', state));
    await sleep(passPauseMs(state), { summary: 'Until another pass looks at what is left' });
    state = nextPass(state);
  }
}

/** What there is to do, by the word of enough validators; too few is waited for, and no by the votes is final. */
async function list(input: SweepVaultsInput, state: SweepVaultsState, report: Report): Promise<Verdict<SweepList>> {
  const { network, fromEpoch, toEpoch, certificate, step, proof, epochs } = input;
  report(entering('listing', state));
  let reason = '';
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const listed = await verdictOf(
      effects.listSweep.executeWithOptions(named('Ask all validators which vaults hold coins'), [
        { network, fromEpoch, toEpoch, certificate, step, proof, epochs },
      ]),
    );
    if (!listed.ok) return listed;
    if (listed.value.kind === 'listed') return accept(listed.value.list);
    ({ reason } = listed.value);
    report({ meanwhile: reason });
    await sleep(listPauseMs(look), { summary: `Ask again later: ${reason}`.slice(0, 200) });
  }
  return refuse('unavailable.validators', `the vaults could not be listed: ${reason}`);
}

/** Some vaults side by side, to the last one: a run that continues as new leaves no child behind. */
async function sweepPart(
  input: SweepVaultsInput,
  begun: SweepVaultsState,
  { vaults, from, to }: SweepList,
  report: Report,
): Promise<SweepVaultsState> {
  const part = await effects.sweepListPart.executeWithOptions(named('Read a part of the list'), [
    { vaults, at: begun.at, count: PART },
  ]);
  let state = begun;
  let done = 0;
  const waiting = [...part];
  const lane = async (): Promise<void> => {
    for (let held = waiting.shift(); held !== undefined; held = waiting.shift()) {
      const { vault, keyset } = held;
      const key = from.find((each) => each.keyset === keyset);
      if (key !== undefined) {
        // Awaited first: another lane may have counted meanwhile.
        const result = await sweepOne(input, held, key, to);
        state = counted(state, vault, result);
      }
      done += 1;
      report({ ...entering('sweeping', state), have: begun.at + done });
    }
  };
  report(entering('sweeping', state));
  const lanes = Math.min(Math.max(1, input.atOnce ?? AT_ONCE_MAX), AT_ONCE_MAX);
  await Promise.all(Array.from({ length: lanes }, lane));
  return { ...state, at: begun.at + PART };
}

/** Whatever becomes of one vault, the others go on. */
async function sweepOne(
  { network, step, proof, epochs, confirmations, sessionSeconds }: SweepVaultsInput,
  { vault, watchFromHeight }: HeldVault,
  from: SweepList['to'],
  to: SweepList['to'],
): Promise<SweepVaultResult> {
  const { workflowId, ...options } = childOptions(
    startSweepVault({
      network,
      vault,
      from,
      to,
      step,
      proof,
      epochs,
      watchFromHeight,
      ...(confirmations === undefined ? {} : { confirmations }),
      ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
    }),
  );
  try {
    return await executeChild(SWEEP_VAULT, { workflowId, ...options });
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      return { outcome: 'not-yet', reason: `${workflowId} is running already` };
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    const message = `${workflowId} ended without a result: ${error.cause?.message ?? ''}`.slice(0, 400);
    return { outcome: 'refused', refusal: { code: 'unknown-outcome.process', message } };
  }
}
