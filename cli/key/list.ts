import { withClient } from '../coordinator.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { keyRuns, resultOf } from './keys.ts';

export async function listKeys(options: { readonly data: string }): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const keys = [];
    for (const run of await keyRuns(client, operator)) {
      const result = await resultOf(client, operator, run.epoch);
      const state = result === undefined ? run.status.toLowerCase() : result.outcome;
      keys.push({
        epoch: run.epoch,
        state,
        ...(result?.outcome === 'active' ? { keyset: result.key.keyset, groupKey: result.groupKey } : {}),
      });
    }
    return {
      data: { keys },
      lines:
        keys.length === 0
          ? ['no key yet']
          : keys.map((key) => `epoch ${key.epoch}  ${key.state.toUpperCase()}  ${key.keyset ?? ''}`),
      next: keys.length === 0 ? 'key generate' : 'key show',
    };
  });
}
