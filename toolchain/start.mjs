#!/usr/bin/env node
/** `npm start`: prepares runtime, packages and outside programs on a bare machine, then hands over to `firebreak up`. */
import path from 'node:path';
import process from 'node:process';
import { endOnSignals, EXIT_NOT_REACHABLE, main } from './entry.mjs';
import { ensurePackages } from './install.mjs';
import { createProgress } from './progress.mjs';
import { projectFolder } from './recipes.mjs';
import { runOnNode26 } from './run-node.mjs';
import { prepareSoftHsm } from './softhsm.mjs';
import { prepareTools } from './tools.mjs';

endOnSignals();
await main(async () => {
  const progress = createProgress();
  if (!(await ensurePackages(progress))) return EXIT_NOT_REACHABLE;
  const { environment, missing } = await prepareTools(['temporal', 'btcd', 'prometheus', 'alertmanager'], progress);
  if (missing.length > 0) {
    progress.say(
      `cannot start without ${missing.join(' and ')}; \`npm run firebreak -- doctor\` shows the whole machine`,
    );
    return EXIT_NOT_REACHABLE;
  }
  Object.assign(environment, await prepareSoftHsm(progress));
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.removeAllListeners(signal);
  return runOnNode26(path.join(projectFolder, 'cli', 'main.ts'), ['up', ...process.argv.slice(2)], environment);
});
