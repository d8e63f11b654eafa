#!/usr/bin/env node
/** `node toolchain/jest.mjs <paths…>`: the test files whose path matches, on the pinned Node 26, with the tools that are here. */
import path from 'node:path';
import process from 'node:process';
import { EXIT_NOT_REACHABLE, main } from './entry.mjs';
import { ensurePackages } from './install.mjs';
import { createProgress } from './progress.mjs';
import { projectFolder } from './recipes.mjs';
import { runOnNode26 } from './run-node.mjs';
import { presentTools } from './tools.mjs';

await main(async () => {
  if (!(await ensurePackages(createProgress()))) return EXIT_NOT_REACHABLE;
  const jest = path.join(projectFolder, 'node_modules', 'jest', 'bin', 'jest.js');
  return runOnNode26('--experimental-vm-modules', [jest, ...process.argv.slice(2)], await presentTools());
});
