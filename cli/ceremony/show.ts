import { type Progress, progressQuery } from '../../workflows/lib/progress.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import { withClient } from '../coordinator.ts';
import { utc } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { remedyOf, typed } from '../report.ts';
import { processOf } from './find.ts';
import { progressLine } from '../waiting.ts';

/** One process by its name, or by the ceremony that its result names: state, who must act, result. */
export async function showCeremony(options: { readonly data: string }, id: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const workflowId = await processOf(client, operator, id);
    const handle = client.workflow.getHandle(workflowId);
    const described = await handle.describe();
    const status = described.status.name.toLowerCase();
    const progress = status === 'running' ? await handle.query(progressQuery).catch(() => undefined) : undefined;
    const result = status === 'completed' ? ((await handle.result()) as Record<string, unknown>) : undefined;
    return {
      data: {
        workflowId,
        type: described.type,
        status,
        startedAt: described.startTime.toISOString(),
        ...(progress ? { progress } : {}),
        ...(result ? { result } : {}),
      },
      lines: [
        `${workflowId}: ${status.toUpperCase()}`,
        `  started    ${utc(described.startTime.getTime() / 1000)}`,
        ...(described.closeTime ? [`  ended      ${utc(described.closeTime.getTime() / 1000)}`] : []),
        ...(progress ? progressLines(progress) : []),
        ...(result ? [...resultLines(result), ...refusalLines(result), ...blameLines(result, workflowId)] : []),
      ],
      ...(result?.['evidence'] === undefined ? {} : { next: `ceremony evidence ${workflowId} --out evidence.json` }),
    };
  });
}

const progressLines = (progress: Progress): string[] => [
  `  phase      ${progressLine(progress)}`,
  `  meanwhile  ${progress.meanwhile}`,
  ...(progress.missing.length > 0 ? [`  missing    validators ${progress.missing.join(', ')}`] : []),
];

/** Short facts of the result; documents behind a digest are for `ceremony evidence`. */
const resultLines = (result: Record<string, unknown>): string[] =>
  Object.entries(result)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `  ${name.padEnd(13)}  ${String(value)}`);

/** Who was proven to be at fault on the way. */
export function blameLines(result: Readonly<Record<string, unknown>>, workflowId: string): string[] {
  const { blame } = result as { readonly blame?: unknown };
  if (!Array.isArray(blame) || blame.length === 0) return [];
  return [`  faults         ${blame.length} proven; ${typed(`\`firebreak blame show ${workflowId}\``)}`];
}

/** Why a process that is over did not do what it was for. */
export function refusalLines(result: Readonly<Record<string, unknown>>): string[] {
  const { refusal } = result as { readonly refusal?: Partial<Refusal> };
  if (typeof refusal?.code !== 'string') return [];
  return [
    `  refused        ${refusal.code}: ${refusal.message ?? ''}`,
    `  remedy         ${typed(remedyOf(refusal.code))}`,
  ];
}
