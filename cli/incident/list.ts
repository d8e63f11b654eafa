import { commandsOf } from '../../domain/incident/asks.ts';
import { withClient } from '../coordinator.ts';
import { readWholeNumber, utc } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { typedLine } from '../report.ts';
import { incidentsOf, type ListedIncident } from './find.ts';

export async function listIncidents(options: { readonly data: string; readonly limit: string }): Promise<Outcome> {
  const operator = readOperator(options.data);
  const limit = readWholeNumber(options.limit, '--limit', 1, 1_000);
  return withClient(operator, async (client) => {
    const incidents = await incidentsOf(client, operator, limit);
    const [first] = incidents;
    return {
      data: { incidents },
      lines: incidents.length === 0 ? ['no incident yet'] : incidents.flatMap(linesFor),
      ...(first === undefined ? {} : { next: `incident show ${first.key}` }),
    };
  });
}

function linesFor({ key, status, openedAtMs, severity, playbook, standing }: ListedIncident): readonly string[] {
  const [next] = status === 'running' ? (standing?.next ?? []) : [];
  return [
    `${utc(openedAtMs / 1_000)}  ${status.toUpperCase().padEnd(9)}  ${standing?.severity ?? severity}  ${key}  ${playbook}`,
    ...(next === undefined
      ? []
      : [
          `  NEXT  ${next.role}: ${next.what}${next.untilMs === null ? '' : `, by ${utc(next.untilMs / 1_000)}`}`,
          ...(next.asks === undefined ? [] : commandsOf(next.asks)).map((command) => typedLine(`        ${command}`)),
        ]),
  ];
}
