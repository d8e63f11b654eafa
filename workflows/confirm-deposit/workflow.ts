import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { isCalledBack, verdictOf } from '../lib/refusal.ts';
import { effects, named } from '../lib/effects.ts';
import { trackProgress } from '../lib/track.ts';
import {
  closeDepositUpdate,
  type ConfirmDepositInput,
  type ConfirmDepositResult,
  depositQuery,
  type DepositState,
} from './messages.ts';
import { entering, nextReport, NOTHING_SEEN } from './state.ts';

const CONFIRMATIONS_DEFAULT = 6;
/** A quiet watch costs six events an hour. */
const QUIET_SECONDS = 3_600;
/** Far below the limit of a run, so that a burst of blocks still fits. */
const EVENTS_BEFORE_CONTINUING = 1_000;

/** Watches one vault until every coin in it was paid out, or until an operator closes the watch. */
export async function confirmDeposit(input: ConfirmDepositInput): Promise<ConfirmDepositResult> {
  const { network, vault, key, script, watchFromHeight } = input;
  const confirmations = input.confirmations ?? CONFIRMATIONS_DEFAULT;
  let report = input.carried ?? NOTHING_SEEN;
  let quorum = 0;
  const track = trackProgress<DepositState>({
    phase: report.state,
    percent: 0,
    awaitingRole: 'depositor',
    next: 'the depositor pays to the address of the vault',
    meanwhile: 'the chain is watched',
  });
  const watch = new CancellationScope();
  setHandler(depositQuery, () => report, { description: 'Outputs, confirmations and who agrees, as last judged.' });
  setHandler(
    closeDepositUpdate,
    ({ reason }) => {
      report = {
        ...report,
        state: 'closed',
        history: [...report.history, { state: 'closed' as const, atMs: Date.now() }].slice(-64),
      };
      track.change({ ...entering(report, quorum), meanwhile: `the watch was closed: ${reason.slice(0, 200)}` });
      watch.cancel();
      return report;
    },
    {
      description: 'Give {"reason": "…"} to end this watch. No coin is touched by it.',
      validator: ({ reason }) => {
        if (typeof reason !== 'string' || reason.trim() === '') throw new Error('give a reason');
        if (report.state === 'closed' || report.state === 'settled')
          throw new Error(`the watch is over: ${report.state}`);
      },
    },
  );

  const observe = () => {
    const since = {
      ...(report.fingerprint === undefined ? {} : { since: report.fingerprint }),
      ...(report.anchor === undefined ? {} : { sinceHeight: report.anchor.height }),
    };
    return watch.run(() =>
      verdictOf(
        effects.observeDeposit.executeWithOptions(
          named(`Watch vault ${vault.slice(0, 12)} for a change`, QUIET_SECONDS),
          [{ network, vault, key, script, watchFromHeight, confirmations, seconds: QUIET_SECONDS, ...since }],
        ),
      ),
    );
  };

  while (report.state !== 'settled' && report.state !== 'closed') {
    try {
      const seen = await observe();
      // Closed in the same moment: what was seen must not open it again.
      if (isClosed(report.state)) break;
      if (!seen.ok) {
        track.change({
          awaitingRole: 'operator',
          next: `an operator must look: ${seen.refusal.message}`.slice(0, 400),
        });
        return { outcome: 'refused', refusal: seen.refusal };
      }
      if (seen.value !== undefined && seen.value !== null) {
        quorum = seen.value.quorum;
        report = nextReport(report, seen.value, confirmations, Date.now());
        track.change(entering(report, quorum));
      }
    } catch (error) {
      // Closing cancels the watch and nothing else; a cancelled run passes through.
      if (!isCalledBack(error) || !isClosed(report.state)) throw error;
    }
    if (
      workflowInfo().historyLength >= EVENTS_BEFORE_CONTINUING &&
      !isClosed(report.state) &&
      report.state !== 'settled'
    ) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof confirmDeposit>({ ...input, carried: report });
    }
  }
  await condition(allHandlersFinished);
  return { outcome: report.state === 'settled' ? 'settled' : 'closed', report };
}

const isClosed = (state: DepositState): boolean => state === 'closed';
