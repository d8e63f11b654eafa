#!/usr/bin/env node
/**
 * `npm test`: installs and builds what is missing, runs every check and every kind of test, counts from the runners' own reports.
 * `npm test -- types unit` runs the named parts only. Tests with live networks run beside vectors, replays and removals, which yield to them.
 */
import process from 'node:process';
import { endOnSignals, EXIT_NOT_REACHABLE, main } from './entry.mjs';
import { ensurePackages } from './install.mjs';
import { jestProjects, runJest } from './jest-run.mjs';
import { skippedTally, withoutTools } from './missing-tools.mjs';
import { createProgress } from './progress.mjs';
import { prepareSoftHsm } from './softhsm.mjs';
import { staticChecks } from './static-checks.mjs';
import { runStatic } from './static-run.mjs';
import { summarise } from './tally.mjs';
import { prepareTools } from './tools.mjs';

const TOOLS = ['temporal', 'btcd', 'bitcoind', 'temporal-test-server', 'prometheus', 'promtool', 'alertmanager'];

endOnSignals();
await main(async () => {
  const progress = createProgress();
  const only = process.argv.slice(2);
  const wanted = (/** @type {{ name: string }} */ part) => only.length === 0 || only.includes(part.name);
  if (!(await ensurePackages(progress))) {
    process.stdout.write('0 passed, 1 failed\n');
    return EXIT_NOT_REACHABLE;
  }
  const checks = staticChecks();
  const parts = [...checks, ...jestProjects].map(({ name }) => name);
  const unknown = only.filter((name) => !parts.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`there is no part called ${unknown.join(', ')}; known: ${parts.join(', ')}\n`);
    return 2;
  }
  // A tool that cannot be had is shown here; what wants it is skipped by name.
  // It takes minutes to build: whoever runs parts that do without it does not wait for it.
  const ofCore = withoutTools(['bitcoind']);
  const wantsCore = jestProjects.some(
    (part) => wanted(part) && ofCore.some(({ files }) => files.startsWith(`test/${part.name}/`)),
  );
  const tools = TOOLS.filter((tool) => tool !== 'bitcoind' || wantsCore);
  const { environment, missing } = await prepareTools(tools, progress);
  const left = withoutTools(missing);
  Object.assign(environment, await prepareSoftHsm(progress));

  const tallies = await runStatic(checks.filter(wanted), (tally) => {
    progress.say(`${tally.failed ? '✘' : '✔'} ${tally.name}  ${(tally.durationMs / 1000).toFixed(1)} s`);
  });
  /** @type {Map<string, import('./tally.mjs').Tally>} */
  const ran = new Map();
  const projects = jestProjects.filter(wanted);
  const inLane = (/** @type {'computing' | 'live' | undefined} */ lane) =>
    projects.filter((each) => each.lane === lane);
  /** One after the other. @param {readonly import('./jest-run.mjs').JestProject[]} lane @param {boolean} [yields] */
  const runLane = async (lane, yields) => {
    for (const project of lane) {
      const tally = await progress.step(`${project.name} tests`, async (step) => {
        const without = left.map(({ files }) => files);
        const result = await runJest(project, environment, step, without, yields);
        step.done(result.remark ?? `${result.passed} passed, ${result.failed} failed`);
        return result;
      });
      if (tally) ran.set(project.name, tally);
    }
  };
  await runLane(inLane(undefined));
  await Promise.all([runLane(inLane('live')), runLane(inLane('computing'), inLane('live').length > 0)]);
  tallies.push(...projects.flatMap(({ name }) => ran.get(name) ?? []));

  if (left.length > 0) tallies.push(skippedTally(left));

  const { failed, lines, last } = summarise(tallies, { strict: process.env.CI === 'true' });
  for (const problem of tallies.flatMap((tally) => tally.problems)) process.stdout.write(`\n✘ ${problem}\n`);
  process.stdout.write(`\n${lines.join('\n')}\n\n${last}\n`);
  return failed > 0 ? 1 : 0;
});
