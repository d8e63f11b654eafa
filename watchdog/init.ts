import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { linesOf } from '../domain/plugin/toml-lines.ts';
import { PluginHost } from '../plugins/host.ts';
import { setUpFolder } from '../plugins/new-files.ts';
import { channelsOf, parseWatchdogToml } from './config.ts';
import { watchdogToml } from './config/write.ts';

export type InitOptions = {
  readonly dir: string;
  readonly network: string;
  readonly environment: string;
  /** Temporal's host:port. */
  readonly temporal: string;
  /** Health and metrics of the api. */
  readonly api: string;
  /** Where the first channel posts its pages. */
  readonly webhook: string;
};

const CHANNEL = 'siren';
/** The source that `api init` writes for Alertmanager, whose rule `Watchdog` is repeated every minute. */
const HEARTBEATS = { prometheus: 5 } as const;
const METRICS_PORT = 9_300;

/**
 * Writes watchdog.toml with one channel, a signed webhook, and the fresh secret of it, into a folder that has neither. Text and channel are
 * judged before anything is written, and a refusal leaves the folder as it was. Throws `conflict.watchdog-exists`, `input.config` and
 * `unavailable.disk-*`.
 */
export async function initWatchdog(
  options: InitOptions,
): Promise<{ readonly configFile: string; readonly secretFile: string }> {
  const folder = resolve(options.dir);
  const secrets = join(folder, 'secrets');
  const configFile = join(folder, 'watchdog.toml');
  const secretFile = join(secrets, `${CHANNEL}.secret`);
  if (existsSync(secretFile)) throw taken(secretFile);
  const text = watchdogToml({
    network: options.network,
    environment: options.environment,
    temporal: options.temporal,
    apis: [options.api],
    heartbeats: HEARTBEATS,
    channels: { [CHANNEL]: { use: 'webhook', url: options.webhook, secret_file: `secrets/${CHANNEL}.secret` } },
    metricsPort: METRICS_PORT,
  });
  const where = { file: configFile, lineOf: linesOf(text) };
  const host = new PluginHost();
  for (const channel of Object.values(channelsOf(parseWatchdogToml(text, where), where))) await host.check(channel);
  const config = { path: configFile, text, mode: 0o644, taken: () => taken(configFile) };
  return setUpFolder([folder, secrets], config, () => {
    writeFileSync(secretFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o400, flag: 'wx' });
    return { configFile, secretFile };
  });
}

const taken = (file: string): FirebreakFailure =>
  new FirebreakFailure('conflict.watchdog-exists', `${file} exists already; nothing was changed`, { file });
