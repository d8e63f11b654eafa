import { dirname, resolve } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { NetworkGenesis } from '../domain/network/network.ts';
import type { ConfigLocation, PluginKind } from '../domain/plugin/manifest.ts';
import { parseToml, readText } from '../plugins/settings-file.ts';
import { parseNetworkGenesis } from '../wire/documents/index.ts';
import { linesOf } from '../domain/plugin/toml-lines.ts';
import { type CoordinatorToml, coordinatorTomlSchema } from './config/schema.ts';

export { coordinatorTomlSchema } from './config/schema.ts';

const CONFIG_BYTES_MAX = 65_536;
const GENESIS_BYTES_MAX = 262_144;

/** Which plug-in serves a port, and its part of the file. */
export type PluginSection = {
  readonly kind: PluginKind;
  readonly use: string;
  readonly settings: unknown;
  readonly where: ConfigLocation;
};

/** `coordinator.toml`, checked; every path absolute. */
export type CoordinatorConfig = {
  readonly file: string;
  readonly dataFolder: string;
  readonly logLevel: CoordinatorToml['log_level'];
  readonly policyVersion: number;
  readonly genesis: NetworkGenesis;
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly taskQueue: string;
    readonly tls: boolean;
    readonly apiKey: string | undefined;
    readonly cachedWorkflowsMax: number;
  };
  readonly plugins: Readonly<Record<'network' | 'bitcoin' | 'blobs' | 'terms', PluginSection>>;
  /** Notifiers by the name of their channel. */
  readonly channels: Readonly<Record<string, PluginSection>>;
  /** Standing orders of the committee, one file each. */
  readonly grantsFolder: string;
  readonly metrics: { readonly host: string; readonly port: number | undefined };
};

/**
 * Reads and judges the file and the genesis that it pins; opens and changes nothing.
 * `environment` is asked for the one variable that the file names. Throws the codes of `workersConfigFailures`.
 */
export function loadConfig(path: string, environment: (name: string) => string | undefined): CoordinatorConfig {
  const file = resolve(path);
  const text = readText(file, 'coordinator configuration', CONFIG_BYTES_MAX, 'input.coordinator-file');
  const where: ConfigLocation = { file, lineOf: linesOf(text) };
  const toml = parseConfigText(text, where);
  const at = (relative: string): string => resolve(dirname(file), relative);
  const { genesis_file: genesisFile, ...network } = toml.network;
  const pinned = at(genesisFile);
  const { api_key_env: variable } = toml.temporal;
  const apiKey = variable === undefined ? undefined : environment(variable);
  if (variable !== undefined && (apiKey === undefined || apiKey === '')) {
    throw wrong('input.coordinator-secret', where, ['temporal', 'api_key_env'], `the variable ${variable} is not set`);
  }
  return {
    file,
    dataFolder: at(toml.data_folder),
    logLevel: toml.log_level,
    policyVersion: toml.policy_version,
    genesis: parseNetworkGenesis(
      readText(pinned, 'network genesis', GENESIS_BYTES_MAX, 'input.coordinator-file'),
      pinned,
    ),
    temporal: {
      address: toml.temporal.address,
      namespace: toml.temporal.namespace,
      taskQueue: toml.temporal.task_queue,
      tls: toml.temporal.tls,
      apiKey,
      cachedWorkflowsMax: toml.temporal.cached_workflows_max,
    },
    plugins: {
      network: section('network', 'network', network, where),
      bitcoin: section('chain', 'bitcoin', toml.bitcoin, where),
      blobs: section('blob', 'blobs', toml.blobs, where),
      terms: section('terms', 'terms', toml.terms, where),
    },
    channels: Object.fromEntries(
      Object.entries(toml.channels).map(([name, body]) => [name, section('notifier', ['channels', name], body, where)]),
    ),
    grantsFolder: at(toml.grants_folder),
    metrics: { host: toml.metrics.host, port: toml.metrics.port },
  };
}

/** The text alone; throws for the first thing that is wrong, with file, line, field and remedy. */
export function parseConfigText(text: string, where: ConfigLocation): CoordinatorToml {
  const parsed = coordinatorTomlSchema.safeParse(parseToml(text, where.file, 'input.coordinator-syntax'));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue?.code === 'unrecognized_keys') {
    const key = String(issue.keys[0]).slice(0, 40);
    throw wrong(
      'input.coordinator-field',
      where,
      [...path, key],
      'is not a setting here; remove it or check its spelling',
    );
  }
  throw wrong('input.coordinator-field', where, path, issue?.message ?? 'is not valid');
}

/** The plug-in sees its own section under its own name, so that its messages name the right line. */
function section(
  kind: PluginKind,
  name: string | readonly string[],
  body: { use: string },
  where: ConfigLocation,
): PluginSection {
  const { use, ...settings } = body;
  return { kind, use, settings, where: { file: where.file, lineOf: (path) => where.lineOf([name, path].flat()) } };
}

function wrong(
  code: 'input.coordinator-field' | 'input.coordinator-secret',
  where: ConfigLocation,
  path: readonly (string | number)[],
  remedy: string,
): FirebreakFailure {
  const found = where.lineOf(path);
  const field = path.join('.') || '(file)';
  return new FirebreakFailure(code, `${where.file}${found === undefined ? '' : `:${found}`}: ${field}: ${remedy}`, {
    file: where.file,
    field,
    ...(found === undefined ? {} : { line: found }),
  });
}
