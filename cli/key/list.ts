import { withClient } from '../coordinator.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { keyRuns, resultOf } from './keys.ts';
import { askReports, type Standing, standingOf, standingText } from './standing.ts';

export async function listKeys(options: { readonly data: string }): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const reports = await askReports(operator);
    const keys: ListedKey[] = [];
    for (const run of await keyRuns(client, operator)) {
      const result = await resultOf(client, operator, run.epoch);
      const { epoch } = run;
      if (result?.outcome !== 'active') {
        keys.push({ epoch, state: result?.outcome ?? run.status.toLowerCase() });
        continue;
      }
      // The process that made a key is over; what became of the key since then, only validators know.
      const standing = standingOf(result.key.keyset, reports);
      const state = standing[0]?.state ?? 'made';
      keys.push({ epoch, state, standing, keyset: result.key.keyset, groupKey: result.groupKey });
    }
    return {
      data: { keys },
      lines: keys.length === 0 ? ['no key yet'] : keys.map(lineOf),
      next: keys.length === 0 ? 'key generate' : 'key show',
    };
  });
}

type ListedKey = {
  readonly epoch: number;
  /** What most validators say of a key that was made; of one that was not, where its process stands. */
  readonly state: string;
  readonly standing?: Standing;
  readonly keyset?: string;
  readonly groupKey?: string;
};

const lineOf = ({ epoch, state, standing, keyset }: ListedKey): string =>
  `epoch ${epoch}  ${standing === undefined ? state.toUpperCase() : standingText(standing)}  ${keyset ?? ''}`.trimEnd();
