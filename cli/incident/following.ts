import type { Client } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { followCommittee } from '../../workflows/lib/messages.ts';
import { send } from './find.ts';

/** What an incident or a run says to somebody of a committee that it has not heard of. */
const UNHEARD: ReadonlySet<string> = new Set([
  'policy.command-stranger',
  'policy.order-epoch',
  'policy.vote-epoch',
  'policy.vote-stranger',
]);

const codeOf = (error: unknown): string | undefined => {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
};

/** Has it ask validators which committee they follow, and waits for no more than that. Anything: why it has not asked. */
export const haveItFollow = (client: Client, workflowId: string): Promise<unknown> =>
  send(client, () => client.workflow.getHandle(workflowId).executeUpdate(followCommittee)).then(
    () => undefined,
    (error: unknown) => error,
  );

/**
 * Sends a signed message; where it comes from a committee that the other side has not heard of, it looks, and is told once more. When it
 * would not look, that is the answer: who signs is no stranger to it because of that.
 */
export async function sendSigned<Receipt>(
  client: Client,
  workflowId: string,
  work: () => Promise<Receipt>,
): Promise<Receipt> {
  try {
    return await send(client, work);
  } catch (error) {
    if (!UNHEARD.has(codeOf(error) ?? '')) throw error;
    const unlooked = await haveItFollow(client, workflowId);
    return await send(client, work).catch((again: unknown) => {
      throw codeOf(unlooked) === 'not-yet.committee-look' && UNHEARD.has(codeOf(again) ?? '') ? unlooked : again;
    });
  }
}
