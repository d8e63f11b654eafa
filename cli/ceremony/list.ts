import { withClient } from '../coordinator.ts';
import { readWholeNumber, utc } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { type Ending, endingsOf, type ProcessRun, processRuns } from './find.ts';

export async function listCeremonies(options: { readonly data: string; readonly limit: string }): Promise<Outcome> {
  const operator = readOperator(options.data);
  const limit = readWholeNumber(options.limit, '--limit', 1, 1_000);
  return withClient(operator, async (client) => {
    const runs = await processRuns(client, operator, limit);
    const endings = await endingsOf(client, runs);
    const processes = runs.map((run) => ({ ...run, ...endings.get(run.workflowId) }));
    const [first] = processes;
    return {
      data: { processes },
      lines: processes.length === 0 ? ['no process yet'] : processes.map(processLine),
      ...(first === undefined ? {} : { next: `ceremony show ${first.workflowId}` }),
    };
  });
}

/** A process that ended with a refusal has completed for Temporal, and has not done what it was for. */
export function processLine(run: ProcessRun & Ending): string {
  const word = run.code === undefined ? run.status : 'refused';
  const line = `${utc(run.startedAtMs / 1000)}  ${word.toUpperCase().padEnd(9)}  ${run.workflowId}`;
  return run.code === undefined ? line : `${line}  ${run.code}`;
}
