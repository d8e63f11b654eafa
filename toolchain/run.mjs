#!/usr/bin/env node
/** `node toolchain/run.mjs <file.ts> args…`: installs the packages when needed, then runs the file on the pinned Node 26. */
import process from 'node:process';
import { EXIT_NOT_REACHABLE, main } from './entry.mjs';
import { ensurePackages } from './install.mjs';
import { createProgress } from './progress.mjs';
import { runOnNode26 } from './run-node.mjs';

await main(async () => {
  const [file, ...args] = process.argv.slice(2);
  if (!file) {
    process.stderr.write('usage: node toolchain/run.mjs <file.ts> [arguments]\n');
    return 2;
  }
  if (!(await ensurePackages(createProgress()))) return EXIT_NOT_REACHABLE;
  return runOnNode26(file, args);
});
