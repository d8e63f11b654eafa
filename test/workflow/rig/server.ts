import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { toolPath } from '../../../toolchain/tools.mjs';
import { tuningArguments } from '../../../workers/server.ts';
import { searchAttributes } from '../../../workflows/settings.ts';

/** On a loaded machine it can need longer than the five seconds that the SDK gives it. */
export const STARTS_MAX = 3;

/** A real Temporal server in memory with the settings of the devnet, on a free port, for one suite. */
export async function startServer(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const executable = { type: 'existing-path', path: await toolPath('temporal') } as const;
  const server = { executable, searchAttributes: Object.values(searchAttributes), extraArgs: tuningArguments() };
  return startWithin(STARTS_MAX, () => TestWorkflowEnvironment.createLocal({ server }));
}

/** Ends it, and the SDK's own threads, which would keep this process alive. */
export async function stopServer(env: TestWorkflowEnvironment | undefined): Promise<void> {
  await env?.teardown();
  await Runtime.instance().shutdown();
}

/** Tried again so many times in all. */
export async function startWithin(
  times: number,
  start: () => Promise<TestWorkflowEnvironment>,
): Promise<TestWorkflowEnvironment> {
  try {
    return await start();
  } catch (error) {
    if (times === 1) throw error;
    return startWithin(times - 1, start);
  }
}
