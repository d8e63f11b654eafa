import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { awake } from '../telemetry/awake.ts';
import { createLogger } from '../telemetry/log.ts';
import { loadConfig } from './config.ts';
import { runWorker } from './run.ts';

/**
 * `main.ts --config coordinator.toml`. The only place of the coordinator that reads its environment.
 * Exit codes: 0 stopped on request · 1 failed while running · 2 wrong usage or configuration, nothing changed.
 */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    const { values } = parseArgs({ options: { config: { type: 'string', default: 'coordinator.toml' } } });
    await runWorker(
      loadConfig(values.config, (name) => process.env[name]),
      stop.signal,
    );
    return 0;
  } catch (error) {
    createLogger({ name: 'worker' }).error({ err: error }, error instanceof Error ? error.message : 'worker failed');
    const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    return usage || (error instanceof FirebreakFailure && error.family === 'input') ? 2 : 1;
  }
}

process.exitCode = await awake(main());
