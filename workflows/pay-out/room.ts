import { sleep } from '@temporalio/workflow';
import type { ReleaseRequest } from '../../domain/vault/terms.ts';
import type { Change } from '../lib/track.ts';
import type { PayOutPhase } from './messages.ts';
import { entering } from './state.ts';

/** Doubled with each wait: payouts that wake together may fill the room again, and one validator may say "now" for ever. */
const WAIT_MS_MIN = 60_000;
/** No operator may write a longer window. */
const WAIT_MS_MAX = 31 * 86_400_000;
/** Clocks of validators differ. */
const LATE_MS = 2_000;
const WAITS_MAX = 12;

/** Waits until validators have room under their outflow caps, as they said, if the request is still valid then. */
export function roomAwaited(
  { expiresAtSeconds }: Pick<ReleaseRequest, 'expiresAtSeconds'>,
  report: (change: Change<PayOutPhase>) => void,
): (atSeconds: number) => Promise<boolean> {
  let waits = 0;
  return async (atSeconds) => {
    const nowMs = Date.now();
    const wakeMs = Math.max(atSeconds * 1_000 + LATE_MS, nowMs + WAIT_MS_MIN * 2 ** waits);
    if (waits >= WAITS_MAX || wakeMs >= Math.min(expiresAtSeconds * 1_000, nowMs + WAIT_MS_MAX)) return false;
    waits += 1;
    const until = new Date(wakeMs).toISOString();
    const words = entering('awaiting-room');
    report({ ...words, next: `${words.next ?? ''}, at ${until}` });
    await sleep(wakeMs - nowMs, { summary: `Wait until ${until}: too few validators may sign so much now` });
    return true;
  };
}
