import { type Reading, type Target, type Unit, verdictOf } from './measure.ts';
import type { Outcome } from './outcome.ts';

const HEADINGS = ['measure', 'result', 'floor', 'ratio', 'target', 'verdict'] as const;
type Row = readonly string[];

/** One row per reading; a measure that could not be taken is a row that says so. */
export function rowsOf(outcomes: readonly Outcome[]): readonly Row[] {
  return outcomes.flatMap((outcome): readonly Row[] =>
    outcome.measured ? outcome.readings.map(rowOf) : [[outcome.name, '–', '–', '–', '–', 'not measured']],
  );
}

function rowOf(reading: Reading): Row {
  const { title, unit, result, floor, ratio, target } = reading;
  return [
    title,
    amount(result, unit),
    floor === undefined ? '–' : amount(floor, unit),
    ratio === undefined ? '–' : `${ratio.toFixed(2)} ×`,
    target === undefined ? '–' : `${limitOf(target)} ${target.of === 'ratio' ? '×' : unit}`,
    verdictOf(reading),
  ];
}

const limitOf = (target: Target): string => ('max' in target ? `≤ ${target.max}` : `≥ ${target.min}`);

/** Columns under each other, for a terminal. */
export function textTable(outcomes: readonly Outcome[]): readonly string[] {
  const rows = [HEADINGS, ...rowsOf(outcomes)];
  const widths = HEADINGS.map((_heading, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: Row): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map((row) => line(row).trimEnd());
}

/** The same in Markdown, with the samples and floors of each reading below it. */
export function markdownTable(outcomes: readonly Outcome[]): readonly string[] {
  const line = (row: Row): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(HEADINGS), '|---|--:|--:|--:|--:|---|', ...rowsOf(outcomes).map(line)];
}

/** Three significant digits: more would be noise. Whole numbers from a hundred on. */
export function amount(value: number, unit: Unit): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
