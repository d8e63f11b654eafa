import type { PerformInput } from '../activities/playbook/performing.ts';
import { effects, named } from '../workflows/lib/effects.ts';

/** What somebody would write who needs these effects in this order and nothing else: no plan, no progress, no records. */
export async function handWritten(calls: readonly PerformInput[]): Promise<void> {
  for (const call of calls) await effects.performAction.executeWithOptions(named('Step', call.seconds), [call]);
}
