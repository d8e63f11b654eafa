import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Machine, machineLines } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { markdownTable, textTable } from './table.ts';

export type Report = { readonly machine: Machine; readonly outcomes: readonly Outcome[] };

const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

/** For a terminal: machine, table, details, and what could not be measured. */
export function reportLines({ machine, outcomes }: Report): readonly string[] {
  return ['', ...machineLines(machine), '', ...textTable(outcomes), '', ...outcomes.flatMap(detailLines)];
}

function detailLines(outcome: Outcome): readonly string[] {
  if (!outcome.measured) return [`${outcome.name}: not measured: ${outcome.reason}`];
  return outcome.readings.map(({ title, detail }) => `${title}: ${detail}`);
}

export function writeJson(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ version: 1, ...report }, undefined, 2)}\n`);
}

/** Replaces the measured part of the page; what people wrote around it stays. */
export function writePage(file: string, report: Report): void {
  writeFileSync(file, pageWith(readFileSync(file, 'utf8'), report));
}

/** Throws when the page has lost its marks: then nobody knows which part is whose. */
export function pageWith(page: string, report: Report): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page lacks "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${measuredPart(report).join('\n')}\n\n${page.slice(end)}`;
}

function measuredPart({ machine, outcomes }: Report): readonly string[] {
  return [
    ...machineLines(machine).map((line) => `- ${line}`),
    '',
    ...markdownTable(outcomes),
    '',
    ...outcomes.flatMap((outcome) => [
      `### ${outcome.name}`,
      '',
      outcome.about,
      '',
      `- load before: ${outcome.loadBefore.toFixed(2)}`,
      ...detailLines(outcome).map((line) => `- ${line.trim()}`),
      '',
    ]),
  ].slice(0, -1);
}
