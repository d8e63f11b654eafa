import { afterAll, beforeAll } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime } from '@temporalio/worker';
import { type ApiUnderTest, apiUnderTest } from '../../../api/testkit/delivering.ts';
import { startServer } from './server.ts';

/** One server and one api that records on it, per suite; both are there from the first test on. */
export function onApi(taskQueue: string): { readonly env: TestWorkflowEnvironment; readonly api: ApiUnderTest['api'] } {
  let env: TestWorkflowEnvironment;
  let under: ApiUnderTest;
  beforeAll(async () => {
    env = await startServer();
    under = await apiUnderTest({ temporal: env.address ?? '', taskQueue });
  }, 120_000);
  afterAll(async () => {
    await under?.stop();
    await env?.teardown();
    await Runtime.instance().shutdown();
  });
  return {
    get env() {
      return env;
    },
    get api() {
      return under.api;
    },
  };
}
