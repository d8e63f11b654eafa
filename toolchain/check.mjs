#!/usr/bin/env node
/** The quick loop: everything that needs no network of processes. At most a minute once the packages are installed. */
import process from 'node:process';
import { endOnSignals, EXIT_NOT_REACHABLE, main } from './entry.mjs';
import { ensurePackages } from './install.mjs';
import { jestProjects, runJest, slowUnitTests } from './jest-run.mjs';
import { createProgress } from './progress.mjs';
import { staticChecks } from './static-checks.mjs';
import { runStatic } from './static-run.mjs';
import { summarise } from './tally.mjs';
import { presentTools } from './tools.mjs';

endOnSignals();
await main(async () => {
  const progress = createProgress();
  if (!(await ensurePackages(progress))) return EXIT_NOT_REACHABLE;

  const tools = await presentTools(); // nothing is built: tests that want what is not here skip themselves by name
  const units = jestProjects.filter(({ name }) => name === 'unit');
  // Side by side: tests that wait for a process or a timer leave a processor to the static checks, one of which runs at a time.
  const statics = runStatic(
    staticChecks(),
    (tally) =>
      process.stdout.write(`${tally.failed ? '✘' : '✔'} ${tally.name}  ${(tally.durationMs / 1000).toFixed(1)} s\n`),
    1,
  );
  const unit = units.map((project) =>
    progress.step(`${project.name} tests`, (step) => runJest(project, tools, step, slowUnitTests)),
  );
  const tallies = [...(await statics), ...(await Promise.all(unit))].filter((tally) => tally !== undefined);

  const { failed, lines, last } = summarise(tallies, { strict: false });
  for (const problem of tallies.flatMap((tally) => tally.problems)) process.stdout.write(`\n✘ ${problem}\n`);
  process.stdout.write(`\n${lines.join('\n')}\n`);
  process.stdout.write(`  left to npm test: ${slowUnitTests.join(', ')}\n\n${last}\n`);
  return failed > 0 ? 1 : 0;
});
