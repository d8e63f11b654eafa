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

/** Has it ask validators which committee they follow. Nobody waits for more: what they cannot say now, it goes without. */
export async function haveItFollow(client: Client, workflowId: string): Promise<void> {
  await send(client, () => client.workflow.getHandle(workflowId).executeUpdate(followCommittee)).catch(() => undefined);
}

/** Sends a signed message; where it comes from a committee that the other side has not heard of, it looks, and is told once more. */
export async function sendSigned<Receipt>(
  client: Client,
  workflowId: string,
  work: () => Promise<Receipt>,
): Promise<Receipt> {
  try {
    return await send(client, work);
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (!(cause instanceof ApplicationFailure) || !UNHEARD.has(cause.type ?? '')) throw error;
    await haveItFollow(client, workflowId);
    return send(client, work);
  }
}
