import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { toolPath } from '../../../toolchain/tools.mjs';
import { tuningArguments } from '../../../workers/server.ts';
import { searchAttributes } from '../../../workflows/settings.ts';

/** A real Temporal server in memory with the settings of the devnet, on a free port, for one suite. */
export async function startServer(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: await toolPath('temporal') },
      searchAttributes: Object.values(searchAttributes),
      extraArgs: tuningArguments(),
    },
  });
}
