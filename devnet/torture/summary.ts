import { type Kind, KINDS, type Phase, PHASES } from './fault.ts';
import { type Lost, timeLost } from './measure.ts';
import type { Result } from './run.ts';

/** What is kept of a seed: enough for the table, and to say what was wrong. */
export type Summary = {
  readonly seed: number;
  /** What was asked for, where it was not the default: another number of faults is another schedule. */
  readonly asked?: Asked;
  readonly faults: number;
  readonly missed: readonly string[];
  readonly payouts: number;
  readonly deposits: number;
  readonly lost: Lost;
  /** `kind phase` to how often a fault of the kind began while a vault was in the phase. */
  readonly cells: Readonly<Record<string, number>>;
  readonly looked: readonly string[];
  readonly violations: readonly string[];
  /** What people found out about a violation. */
  readonly note?: string;
};

/** Options of the command beside the seed, as they were typed. */
export type Asked = { readonly faults?: string; readonly payouts?: string };

export function summaryOf({ schedule, ledger, findings, beganAtMs }: Result, asked: Asked = {}): Summary {
  const done = ledger.strikes.filter(({ missed }) => missed === undefined);
  const cells: Record<string, number> = {};
  for (const { fault, phases } of done)
    for (const phase of phases) cells[cell(fault.kind, phase)] = (cells[cell(fault.kind, phase)] ?? 0) + 1;
  return {
    seed: schedule.seed,
    ...(Object.keys(asked).length === 0 ? {} : { asked }),
    faults: done.length,
    missed: ledger.strikes.flatMap(({ fault, missed }) => (missed === undefined ? [] : `${fault.kind}: ${missed}`)),
    payouts: ledger.payouts.length,
    deposits: ledger.deposits.length,
    lost: timeLost(ledger, beganAtMs),
    cells,
    looked: findings.map(({ name, looked }) => `${name}: ${looked}`),
    violations: findings.flatMap(({ name, violations }) => violations.map((each) => `${name}: ${each}`)),
  };
}

export const cell = (kind: Kind, phase: Phase): string => `${kind} ${phase}`;

/** The command that repeats a seed, without the name of the program. */
export const repeat = (seed: number, { faults, payouts }: Asked = {}): string =>
  `devnet torture --seed ${seed}${faults === undefined ? '' : ` --faults ${faults}`}${payouts === undefined ? '' : ` --payouts ${payouts}`}`;

/** Fault by phase over all seeds, as a table of Markdown; an empty cell is one that was never met. */
export function table(summaries: readonly Summary[]): readonly string[] {
  const sum = (kind: Kind, phase: Phase): number =>
    summaries.reduce((total, { cells }) => total + (cells[cell(kind, phase)] ?? 0), 0);
  return [
    `| fault | ${PHASES.join(' | ')} |`,
    `|---|${PHASES.map(() => '---:').join('|')}|`,
    ...KINDS.map((kind) => `| ${kind} | ${PHASES.map((phase) => sum(kind, phase) || '').join(' | ')} |`),
  ];
}

export const emptyCells = (summaries: readonly Summary[]): number =>
  KINDS.flatMap((kind) => PHASES.filter((phase) => !summaries.some(({ cells }) => (cells[cell(kind, phase)] ?? 0) > 0)))
    .length;
