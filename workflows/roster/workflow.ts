import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { asMarkdown, inertText } from '../../domain/alert/text.ts';
import { validatorName } from '../../domain/network/network.ts';
import { NO_PAUSES, type Pause, paused, type Pauses } from '../../domain/network/pauses.ts';
import { searchAttributes } from '../settings.ts';
import { demand } from '../lib/refused.ts';
import { judgeRosterCommand, MISSHAPEN } from './command.ts';
import { commandRoster, type RosterCommand, type RosterInput, type RosterMemo, type RosterPhase } from './messages.ts';

/** Far below `HISTORY_EVENTS_MAX`: commands that arrive together come on top. */
const HISTORY_SOFT = 800;

/**
 * Holds whom a network leaves out of new ceremonies, beyond the life of any worker and any run. It waits for commands and does nothing
 * else; a click on `cancel` does not end a pause that a run relies on.
 */
export async function roster(input: RosterInput): Promise<never> {
  return CancellationScope.nonCancellable(() => hold(input));
}

async function hold(input: RosterInput): Promise<never> {
  let pauses: Pauses = input.carried ?? NO_PAUSES;
  let shown = show(pauses.held, '');
  const take = (command: RosterCommand): { readonly held: number } => {
    const next = paused(pauses, command.do === 'pause' ? { ...command, atMs: Date.now() } : command);
    if (next.held !== pauses.held) shown = show(next.held, shown);
    pauses = next;
    return { held: pauses.held.length };
  };
  setHandler(commandRoster, take, {
    description: 'Leaves a validator out of new ceremonies, or takes it in again.',
    validator: (command) => demand('commandRoster', () => judgeRosterCommand(command), MISSHAPEN),
  });
  await condition(() => workflowInfo().historyLength > HISTORY_SOFT || workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  return continueAsNew<typeof roster>({ ...input, carried: pauses });
}

/** The page of the run, the list of runs and the memo say the same; what is shown already is not written again, because each write is an event. */
function show(held: readonly Pause[], shown: string): string {
  const phase: RosterPhase = held.length === 0 ? 'everyone' : 'some-paused';
  setCurrentDetails(held.length === 0 ? 'Nobody is paused.' : held.map(lineOf).join('\n'));
  const memo: RosterMemo = { paused: memoOf(held) };
  const text = JSON.stringify(memo);
  if (text === shown) return shown;
  upsertMemo(memo);
  upsertSearchAttributes([
    { key: searchAttributes.phase, value: phase },
    { key: searchAttributes.awaitingRole, value: 'nobody' },
  ]);
  return text;
}

const lineOf = ({ validator, run, step, reason, atMs }: Pause): string =>
  `- **${validatorName(validator)}** since ${new Date(atMs).toISOString()}: ${asMarkdown(reason)}, step ${asMarkdown(step, 60)} of ${asMarkdown(run, 120)}`;

/** One line per validator, the last word about it; servers warn about memos above two kilobytes. */
const memoOf = (held: readonly Pause[]): RosterMemo['paused'] =>
  [...new Map(held.map((pause) => [pause.validator, pause])).values()]
    .map(({ validator, reason, atMs }) => ({ validator, reason: inertText(reason, 60), sinceMs: atMs }))
    .sort((one, other) => one.validator - other.validator);
