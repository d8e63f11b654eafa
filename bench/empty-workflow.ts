import { proxyActivities } from '@temporalio/workflow';
import type { EmptyActivities } from './empty-worker.ts';

const { nothing } = proxyActivities<EmptyActivities>({ startToCloseTimeout: '10 seconds' });

/** What durable steps cost when nothing is done in them: one after the other, as a ceremony's are. */
export async function emptyActivities(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await nothing();
}
