import { lostLine } from './measure.ts';
import { emptyCells, repeat, type Summary, table } from './summary.ts';

/** What was run and what was found, for a page that people read. */
export function report(summaries: readonly Summary[]): string {
  const bad = summaries.filter(({ violations }) => violations.length > 0);
  const faults = summaries.reduce((sum, each) => sum + each.faults, 0);
  const payouts = summaries.reduce((sum, each) => sum + each.payouts, 0);
  const missed = summaries.reduce((sum, each) => sum + each.missed.length, 0);
  const seeds = summaries.map(({ seed }) => seed).sort((a, b) => a - b);
  return `${[
    '# The custody network under attack',
    '',
    `\`npm run firebreak -- ${repeat(1)}\` brings up the whole devnet, 10 of 15 and a spare as processes of their own, and lets a schedule of faults`,
    'that follows from the seed come over it while vaults are opened, funded and paid out. Five validators are hostile programs with real shares. Faults',
    'come from outside the product: links between the processes, signals, disks, clocks, copies of folders, blocks (`devnet/torture/`, `devnet/links/`).',
    'This page is written by `npm run firebreak -- devnet torture --seeds <from>..<to> --report docs/torture.md`, which goes on where it stopped and runs again what had a violation. The aim is fifty seeds without a violation and a table without an empty cell.',
    '',
    `Seeds run so far: **${summaries.length}** (${seeds.join(', ')}), with ${faults} faults (${missed} more could not be done when their time came), ${payouts} payouts. ` +
      `Seeds with a violation: **${bad.length}**. Empty cells: **${emptyCells(summaries)}**.`,
    '',
    '## Where faults began',
    '',
    'How often a fault of a kind began while a vault was in a phase, by the histories of its runs; both workers stand still for the moment in which it begins.',
    '',
    ...table(summaries),
    '',
    '## What was looked at and what it cost',
    '',
    '| seed | faults | payouts | time lost | violations |',
    '|---:|---:|---:|---|---:|',
    ...summaries.map(
      ({ seed, faults: done, payouts: paid, lost, violations }) =>
        `| ${seed} | ${done} | ${paid} | ${lostLine(lost)} | ${violations.length} |`,
    ),
    '',
    ...(summaries.at(-1)?.looked.map((line) => `- ${line}`) ?? []),
    '',
    ...bad.flatMap(({ seed, asked, violations, note }) => [
      `## Seed ${seed}`,
      '',
      `\`npm run firebreak -- ${repeat(seed, asked)}\``,
      '',
      ...violations.map((each) => `- ${each}`),
      '',
      ...(note === undefined ? [] : [note, '']),
    ]),
  ]
    .join('\n')
    .trimEnd()}\n`;
}
