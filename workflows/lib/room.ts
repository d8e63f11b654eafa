import { patched, workflowInfo } from '@temporalio/workflow';
import { HISTORY_BYTES_HARD, HISTORY_BYTES_SOFT } from '../settings.ts';

export type Long = {
  /** It should be carried on by another execution as soon as nothing is in flight. */
  readonly isLong: () => boolean;
  /** Nothing new should begin before that. */
  readonly isFull: () => boolean;
};

/**
 * How long an execution may grow: by its events, and by its bytes, since a run hands the hand-overs of its committee, up to half a megabyte,
 * to every effect, and the server ends an execution that grows past 50 MB. Called once, where the workflow begins.
 */
export function lengthOf(soft: number, hard: number): Long {
  // Executions of earlier builds were carried on by their events alone.
  const counts = patched('carried-on-by-bytes');
  const past = (events: number, bytes: number): boolean => {
    const { historyLength, historySize } = workflowInfo();
    return historyLength > events || (counts && historySize > bytes);
  };
  return { isLong: () => past(soft, HISTORY_BYTES_SOFT), isFull: () => past(hard - 1, HISTORY_BYTES_HARD) };
}
