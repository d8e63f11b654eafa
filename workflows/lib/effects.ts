import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.ts';

/**
 * Every effect, with the settings that make a takeover quick: a worker that is killed is noticed after two seconds without
 * heartbeat, the next attempt follows 200 ms later, and the tenth kill costs no more than the first (coefficient 1).
 * There is no limit of attempts: what must end says so itself, with a refusal or a deadline.
 */
export const effects = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '2 seconds',
  // A run ends when its effects have: nothing is left asking on behalf of a process that is over.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 1 },
});

/** `summary`: what the operator reads on the timeline, at most 200 characters. `seconds`: what the activity itself may take. */
export const named = (summary: string, seconds = 30): ActivityOptions => ({
  summary: summary.slice(0, 200),
  startToCloseTimeout: (seconds + 30) * 1_000,
});
