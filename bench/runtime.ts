import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

/** The runtime of workers in this process, once for all measures; signals are the bench's own. */
export function quietRuntime(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  installed = true;
}
