import { inertText } from '../../domain/alert/text.ts';
import { commandsOf, shortKey } from '../../domain/incident/asks.ts';
import { utc } from '../duration.ts';
import type { ListedIncident } from '../incident/find.ts';
import type { Outcome } from '../outcome.ts';

const LINE_CHARACTERS_MAX = 110;

/** Open incidents, one line each: first those that wait for somebody, the most urgent first. */
export const incidentLines = (open: readonly ListedIncident[]): readonly string[] =>
  mostUrgentFirst(open).map(({ key, severity, playbook, standing }) => {
    const what = `${standing?.severity ?? severity} ${shortKey(key)} ${playbook}`;
    const [first, ...others] = standing?.next ?? [];
    if (first === undefined) return `  incident   ${what}: nobody has to act`;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    const due = first.untilMs === null ? '' : `, by ${utc(first.untilMs / 1_000)}`;
    return `  MUST ACT   ${what}: ${inertText(`${first.role}: ${withShortKeys(first.what)}`, LINE_CHARACTERS_MAX)}${due}${more}`;
  });

/** Names of runs in it would fill the line before it says what to do. */
const withShortKeys = (text: string): string => text.replaceAll(/\b[0-9a-f]{64}\b/g, shortKey);

/** What the first of them is waited for. */
export function nextFor(open: readonly ListedIncident[]): Pick<Outcome, 'next'> {
  const [first] = mostUrgentFirst(open);
  const [asked] = first?.standing?.next ?? [];
  if (first === undefined || asked === undefined) return {};
  const [command] = asked.asks === undefined ? [] : commandsOf(asked.asks);
  return { next: command?.replace(/^firebreak /, '') ?? `incident show ${shortKey(first.key)}` };
}

const mostUrgentFirst = (open: readonly ListedIncident[]): readonly ListedIncident[] =>
  open.toSorted((one, other) => dueMs(one) - dueMs(other));

/** Without a time set for it comes behind what has one, and before what waits for nobody. */
function dueMs({ standing }: ListedIncident): number {
  const [first] = standing?.next ?? [];
  return first === undefined ? Number.MAX_VALUE : (first.untilMs ?? Number.MAX_SAFE_INTEGER);
}
