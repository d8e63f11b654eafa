#!/usr/bin/env node
/** The operator's tool: cli/main.ts on the pinned Node 26, from whatever folder it is called in. */
import path from 'node:path';
import process from 'node:process';
import { printMachine } from './doctor.mjs';
import { EXIT_NOT_REACHABLE, main } from './entry.mjs';
import { ensurePackages } from './install.mjs';
import { createProgress } from './progress.mjs';
import { projectFolder } from './recipes.mjs';
import { runOnNode26 } from './run-node.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  if (!(await ensurePackages(createProgress()))) {
    if (args[0] === 'doctor') await printMachine(args.slice(1));
    return EXIT_NOT_REACHABLE;
  }
  return runOnNode26(path.join(projectFolder, 'cli', 'main.ts'), args);
});
