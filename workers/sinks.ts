import type { InjectedSinks } from '@temporalio/worker';
import type { RefusalSinks } from '../workflows/lib/refused.ts';

/** What leaves workflows besides commands: counts of messages that were refused before they became an event. */
export const countRefusals = (counted: (message: string, code: string) => void): InjectedSinks<RefusalSinks> => ({
  refusals: { counted: { fn: (_info, message, code) => counted(message, code), callDuringReplay: false } },
});
