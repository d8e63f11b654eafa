import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { pluginsHostFailures } from '../plugins/host/failures.ts';
import { checkSettings, type SettingsReader } from '../plugins/settings-check.ts';
import { awake } from '../telemetry/awake.ts';
import { createLogger } from '../telemetry/log.ts';
import { wireDocumentsFailures } from '../wire/documents/failures.ts';
import { workersConfigFailures } from './config/failures.ts';
import { type CoordinatorConfig, loadConfig } from './config.ts';
import { runWorker } from './run.ts';

/**
 * `main.ts --config coordinator.toml` · `main.ts check <coordinator.toml>…`. The only place of the coordinator that reads its environment.
 * Exit codes: 0 stopped on request or done · 1 failed while running · 2 wrong usage or configuration, nothing changed.
 */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    const [verb, ...files] = process.argv.slice(2);
    if (verb === 'check') return await checkSettings(files, READER);
    const { values } = parseArgs({ options: { config: { type: 'string', default: 'coordinator.toml' } } });
    await runWorker(load(values.config), stop.signal);
    return 0;
  } catch (error) {
    createLogger({ name: 'worker' }).error({ err: error }, error instanceof Error ? error.message : 'worker failed');
    const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    return usage || (error instanceof FirebreakFailure && error.family === 'input') ? 2 : 1;
  }
}

const load = (file: string): CoordinatorConfig => loadConfig(file, (name) => process.env[name]);
const READER: SettingsReader<CoordinatorConfig> = {
  load,
  plugins: ({ plugins, channels }) => [...Object.values(plugins), ...Object.values(channels)],
  tables: [workersConfigFailures, wireDocumentsFailures, pluginsHostFailures],
};

process.exitCode = await awake(main());
