import { dirname, resolve } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ConfigLocation } from '../domain/plugin/manifest.ts';
import { linesOf } from '../domain/plugin/toml-lines.ts';
import { configFailure, parseSection } from '../plugins/config-failure.ts';
import type { PluginChoice } from '../plugins/host.ts';
import { parseToml, readText } from '../plugins/settings-file.ts';
import { type WatchdogToml, watchdogTomlSchema } from './config/schema.ts';

const CONFIG_BYTES_MAX = 65_536;

/** `watchdog.toml`, checked; every path absolute. */
export type WatchdogConfig = Omit<WatchdogToml, 'state_file' | 'channels' | 'temporal'> & {
  readonly file: string;
  readonly stateFile: string;
  readonly temporal: Omit<WatchdogToml['temporal'], 'api_key_env'> & { readonly apiKey: string | undefined };
  /** Notifiers by the name of their channel. */
  readonly channels: Readonly<Record<string, PluginChoice>>;
};

/** Reads and judges the file; opens and changes nothing. Throws `input.watchdog-*`, and `input.config` with file, line, field and remedy. */
export function loadWatchdogConfig(path: string, environment: (name: string) => string | undefined): WatchdogConfig {
  const file = resolve(path);
  const text = readText(file, 'configuration of the watchdog', CONFIG_BYTES_MAX, 'input.watchdog-file');
  const where: ConfigLocation = { file, lineOf: linesOf(text) };
  const toml = parseWatchdogToml(text, where);
  const { state_file: stateFile, temporal, ...rest } = toml;
  const { api_key_env: variable, ...engine } = temporal;
  const apiKey = variable === undefined ? undefined : environment(variable);
  if (variable !== undefined && (apiKey === undefined || apiKey === '')) {
    const { message, details } = configFailure(
      where,
      ['temporal', 'api_key_env'],
      `the variable ${variable} is not set`,
    );
    throw new FirebreakFailure('input.watchdog-secret', message, details);
  }
  return {
    ...rest,
    file,
    stateFile: resolve(dirname(file), stateFile),
    temporal: { ...engine, apiKey },
    channels: channelsOf(toml, where),
  };
}

/** The text alone; throws for the first thing that is wrong. */
export function parseWatchdogToml(text: string, where: ConfigLocation): WatchdogToml {
  return parseSection(watchdogTomlSchema, parseToml(text, where.file, 'input.watchdog-syntax'), where);
}

/** Each notifier sees its own section under its own name, so that its messages name the right line. */
export const channelsOf = ({ channels }: WatchdogToml, { file, lineOf }: ConfigLocation): WatchdogConfig['channels'] =>
  Object.fromEntries(
    Object.entries(channels).map(([name, { use, ...settings }]) => [
      name,
      { kind: 'notifier', use, settings, where: { file, lineOf: (below) => lineOf(['channels', name, ...below]) } },
    ]),
  );
