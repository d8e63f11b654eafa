#!/usr/bin/env node
/**
 * `npm test`: installs and builds what is missing, runs every check and every kind of test, counts from the runners' own reports.
 * `npm test -- types unit` runs the named parts only; `npm test -- --beside` lets what only computes run beside the
 * networks: sooner by a quarter on two cores, and networks under storms then meet a machine that is busy as well.
 */
import process from 'node:process';
import { endOnSignals, EXIT_NOT_REACHABLE, main } from './entry.mjs';
import { ensurePackages } from './install.mjs';
import { jestProjects, runJest } from './jest-run.mjs';
import { createProgress } from './progress.mjs';
import { prepareSoftHsm } from './softhsm.mjs';
import { staticChecks } from './static-checks.mjs';
import { runStatic } from './static-run.mjs';
import { summarise } from './tally.mjs';
import { prepareTools } from './tools.mjs';

const TOOLS = ['temporal', 'btcd', 'temporal-test-server', 'prometheus', 'promtool', 'alertmanager'];

const BESIDE = '--beside';

endOnSignals();
await main(async () => {
  const progress = createProgress();
  const only = process.argv.slice(2).filter((argument) => argument !== BESIDE);
  const isBeside = process.argv.includes(BESIDE);
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
  // A tool that cannot be had is shown here; the tests that want it then skip themselves by name.
  const { environment } = await prepareTools(TOOLS, progress);
  Object.assign(environment, await prepareSoftHsm(progress));

  const tallies = await runStatic(checks.filter(wanted), (tally) => {
    progress.say(`${tally.failed ? '✘' : '✔'} ${tally.name}  ${(tally.durationMs / 1000).toFixed(1)} s`);
  });
  /** @type {Map<string, import('./tally.mjs').Tally>} */
  const ran = new Map();
  /** One after the other. @param {readonly import('./jest-run.mjs').JestProject[]} projects @param {boolean} [yields] */
  const runAll = async (projects, yields) => {
    for (const project of projects) {
      const tally = await progress.step(`${project.name} tests`, async (step) => {
        const result = await runJest(project, environment, step, [], yields);
        step.done(result.remark ?? `${result.passed} passed, ${result.failed} failed`);
        return result;
      });
      if (tally) ran.set(project.name, tally);
    }
  };
  const projects = jestProjects.filter(wanted);
  const inLane = (/** @type {string | undefined} */ lane) => projects.filter((project) => project.lane === lane);
  await runAll(inLane(undefined));
  const [computing, live] = [inLane('computing'), inLane('live')];
  if (isBeside) await Promise.all([runAll(computing, live.length > 0), runAll(live)]);
  else await runAll([...computing, ...live]);
  tallies.push(...projects.flatMap(({ name }) => ran.get(name) ?? []));

  const { failed, lines, last } = summarise(tallies, { strict: process.env.CI === 'true' });
  for (const problem of tallies.flatMap((tally) => tally.problems)) process.stdout.write(`\n✘ ${problem}\n`);
  process.stdout.write(`\n${lines.join('\n')}\n\n${last}\n`);
  return failed > 0 ? 1 : 0;
});
