import { inertText } from '../../domain/alert/text.ts';
import type { AuditRecord } from '../../domain/audit/record.ts';
import type { Replayed, ReplayedStep } from '../../domain/audit/replay.ts';
import { timesOf } from '../../domain/audit/targets.ts';
import type { Bundle } from './bundle.ts';

const LINE_CHARACTERS_MAX = 160;
/** Of a record, what a reader of the timeline does not miss. */
const UNSAID: ReadonlySet<string> = new Set(['run', 'subject', 'key']);
const shortened = (text: string): string => text.replaceAll(/[0-9a-f]{40,}/g, (hex) => hex.slice(0, 12));

/** The timeline, where it ended, and how long it took beside how long it may take. */
export const describeBundle = (
  bundle: Bundle,
  state: Replayed,
  names: ReadonlyMap<string, string>,
): readonly string[] => [
  '',
  `${bundle.incident}`,
  ...bundle.records.map((record) => describeRecord(record, names)),
  '',
  ...stateLines(state),
  '',
  ...timesOf(state).map(
    ({ measure, tookMs, targetMs, clock, source }) =>
      `  ${measure.padEnd(8)} ${span(tookMs).padEnd(9)} target ${span(targetMs).padEnd(9)} ${verdict(tookMs, targetMs)}  ${clock} (${source})`,
  ),
];

/** One record in a line; `names` are those of voters, whom a record knows by their key. */
export function describeRecord(
  { count, atMs, kind, by, facts }: AuditRecord,
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const says = Object.entries(facts as Readonly<Record<string, unknown>>)
    .filter(([name, value]) => !UNSAID.has(name) && value !== by)
    .map(([name, value]) => `${name} ${shortened(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(', ');
  const time = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
  return `  ${String(count).padStart(4)}  ${time}  ${kind.padEnd(18)}  ${inertText((names.get(by) ?? by).slice(0, 16), 16).padEnd(16)}  ${inertText(says, LINE_CHARACTERS_MAX)}`;
}

type Ended = Pick<
  Replayed,
  'severity' | 'outcome' | 'runs' | 'steps' | 'keys' | 'transactions' | 'sweeps' | 'freeze' | 'roles'
>;

/** Where the records end. They do not tell a run that halted from one that goes on: neither has ended, and the failed step says the rest. */
export function stateLines(state: Ended): readonly string[] {
  const { severity, outcome, runs, steps, keys, transactions, sweeps, freeze, roles } = state;
  const stepsThat = (how: ReplayedStep['outcome']): number =>
    Object.values(steps).filter(({ outcome: went }) => went === how).length;
  const failed = stepsThat('failed');
  const swept = sweeps.reduce((sum, each) => sum + each.swept, 0);
  const payouts =
    freeze.untilSeconds === 0 ? 'payouts go on' : `frozen until ${new Date(freeze.untilSeconds * 1_000).toISOString()}`;
  return [
    `  severity   ${severity}`,
    `  outcome    ${outcome === '' ? 'open' : inertText(outcome, 60)}`,
    ...Object.values(runs).map(
      ({ name, outcome: went, end }) =>
        `  playbook   ${inertText(name, 60)}: ${went === 'running' ? 'not ended' : `${went} ${inertText(end, 60)}`}`,
    ),
    `  steps      ${stepsThat('finished')} finished${failed === 0 ? '' : `, ${failed} failed`} of ${Object.keys(steps).length}`,
    `  custody    ${freeze.order === 0 ? 'no order' : `order ${freeze.order}`}, ${payouts}; ${keys.length} new keys, ${transactions.length} transactions, ${swept} vaults swept`,
    ...Object.entries(roles).map(([role, holder]) => `  ${role.padEnd(10)} ${inertText(holder, 60)}`),
  ];
}

const span = (ms: number | undefined): string => {
  if (ms === undefined) return '-';
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 3_600_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
};

const verdict = (tookMs: number | undefined, targetMs: number | undefined): string =>
  tookMs === undefined || targetMs === undefined ? '   ' : tookMs <= targetMs ? 'met' : 'LATE';
