import { getClient } from '@temporalio/activity';
import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import { sha256Hex } from '../domain/encoding/digest.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { EffectContext } from '../domain/ports/context.ts';
import type { RosterPauses } from '../domain/ports/roster.ts';
import {
  commandRoster,
  ROSTER,
  type RosterCommand,
  rosterId,
  type RosterMemo,
  startRoster,
} from '../workflows/roster/messages.ts';

/** A list that is so old is still right: whoever is paused is only asked later. */
const KEPT_MS = 5_000;
const ASK_MS = 2_000;

/** Pauses in the workflow engine, in one run per network; asked by the client of whichever activity is running. */
export function engineRoster(
  network: string,
  taskQueue: string,
  client: () => Client = getClient,
  clock: () => number = Date.now,
): RosterPauses {
  let known: { readonly atMs: number; readonly paused: RosterMemo['paused'] } | undefined;

  async function command(given: RosterCommand, context: EffectContext): Promise<void> {
    const startWorkflowOperation = new WithStartWorkflowOperation(ROSTER, startRoster({ network }, taskQueue));
    await within(client, context, (engine) =>
      engine.workflow.executeUpdateWithStart(commandRoster, {
        args: [given],
        updateId: sha256Hex(Buffer.from(given.key)),
        startWorkflowOperation,
      }),
    );
    known = undefined;
  }

  return {
    pause: (request, context) => command({ do: 'pause', ...request }, context),
    resume: (request, context) => command({ do: 'resume', ...request }, context),
    async paused(context) {
      if (known === undefined || clock() - known.atMs > KEPT_MS) {
        const deadlineMs = Math.min(context.deadlineMs, Date.now() + ASK_MS);
        known = { atMs: clock(), paused: await within(client, { ...context, deadlineMs }, read) };
      }
      return known.paused.map(({ validator }) => validator);
    },
  };

  /** From the description of the run: no worker is needed to answer. */
  async function read(engine: Client): Promise<RosterMemo['paused']> {
    try {
      const { memo } = await engine.workflow.getHandle(rosterId(network)).describe();
      return (memo as RosterMemo | undefined)?.paused ?? [];
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return [];
      throw error;
    }
  }
}

async function within<T>(
  client: () => Client,
  { deadlineMs, signal }: Pick<EffectContext, 'deadlineMs' | 'signal'>,
  ask: (engine: Client) => Promise<T>,
): Promise<T> {
  try {
    const engine = client();
    return await engine.withDeadline(deadlineMs, () => engine.withAbortSignal(signal, () => ask(engine)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FirebreakFailure('unavailable.roster', `the list of paused validators: ${reason}`, {}, { cause: error });
  }
}
