import { dirname, resolve } from 'node:path';
import type { SourceLimits } from '../domain/alert/match.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ConfigLocation } from '../domain/plugin/manifest.ts';
import { linesOf } from '../domain/plugin/toml-lines.ts';
import { pinsClients } from '../plugins/alert-source/client-certificate.ts';
import { secretsOf } from '../plugins/alert-source/secret.ts';
import { configFailure, parseSection } from '../plugins/config-failure.ts';
import type { PluginChoice } from '../plugins/host.ts';
import { parseToml, readText } from '../plugins/settings-file.ts';
import { type ApiToml, apiTomlSchema } from './config/schema.ts';

const CONFIG_BYTES_MAX = 262_144;

export type SourceConfig = {
  readonly name: string;
  readonly plugin: PluginChoice;
  readonly limits: SourceLimits;
  readonly deliveriesPerMinute: number;
  /** Name of its always-firing alert. */
  readonly heartbeatAlert: string;
};

export type ReaderConfig = { readonly name: string; readonly secrets: ReturnType<typeof secretsOf> };

/** `api.toml`, checked; every path absolute. */
export type ApiConfig = {
  readonly file: string;
  readonly dataFolder: string;
  readonly logLevel: ApiToml['log_level'];
  readonly listen: ApiToml['metrics'];
  readonly tls:
    | {
        readonly certificateFile: string;
        readonly keyFile: string;
        readonly clientCaFile: string | undefined;
        /** Some source is known by a client certificate. */
        readonly asksClients: boolean;
      }
    | undefined;
  readonly metrics: ApiToml['metrics'];
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly taskQueue: string;
    readonly tls: boolean;
    readonly apiKey: string | undefined;
    readonly answerMsMax: number;
  };
  readonly playbooks: {
    readonly folder: string;
    readonly catalogueFile: string;
    /** Of a worker, whose channels count. */
    readonly coordinatorFile?: string;
    /** By playbook and input, as they are written. */
    readonly inputs: ApiToml['playbooks']['inputs'];
  };
  readonly limits: {
    readonly bodyBytesMax: number;
    readonly bodySecondsMax: number;
    readonly connectionsMax: number;
    readonly strangersPerMinute: number;
  };
  readonly blobs: PluginChoice;
  readonly sources: readonly SourceConfig[];
  readonly readers: readonly ReaderConfig[];
};

/** Reads and judges the file; opens and changes nothing. Throws `input.api-*`, and `input.config` with file, line, field and remedy. */
export function loadApiConfig(path: string, environment: (name: string) => string | undefined): ApiConfig {
  const file = resolve(path);
  const text = readText(file, 'configuration of the api', CONFIG_BYTES_MAX, 'input.api-file');
  const where: ConfigLocation = { file, lineOf: linesOf(text) };
  const toml = parseApiToml(text, where);
  const at = (relative: string): string => resolve(dirname(file), relative);
  const { temporal, limits } = toml;
  return {
    file,
    dataFolder: at(toml.data_folder),
    logLevel: toml.log_level,
    listen: { host: toml.listen.host, port: toml.listen.port },
    tls: tlsOf(toml, at, where),
    metrics: toml.metrics,
    temporal: {
      address: temporal.address,
      namespace: temporal.namespace,
      taskQueue: temporal.task_queue,
      tls: temporal.tls,
      apiKey: apiKeyOf(temporal.api_key_env, environment, where),
      answerMsMax: temporal.answer_ms_max,
    },
    playbooks: {
      folder: at(toml.playbooks.folder),
      catalogueFile: at(toml.playbooks.catalogue_file),
      ...(toml.playbooks.coordinator_file === undefined
        ? {}
        : { coordinatorFile: at(toml.playbooks.coordinator_file) }),
      inputs: toml.playbooks.inputs,
    },
    limits: {
      bodyBytesMax: limits.body_bytes_max,
      bodySecondsMax: limits.body_seconds_max,
      connectionsMax: limits.connections_max,
      strangersPerMinute: limits.strangers_per_minute,
    },
    blobs: blobsOf(toml.blobs, where),
    sources: Object.entries(toml.sources).map(([name, source]) => sourceOf(name, source, where)),
    readers: Object.entries(toml.readers).map(([name, reader]) => readerOf(name, reader, where)),
  };
}

/** The text alone; throws for the first thing that is wrong. */
export function parseApiToml(text: string, where: ConfigLocation): ApiToml {
  return parseSection(apiTomlSchema, parseToml(text, where.file, 'input.api-syntax'), where);
}

/** Throws `input.config` for a client certificate that would be pinned and never asked for, and for issuers of what nobody pins. */
function tlsOf(
  { listen: { tls }, sources }: ApiToml,
  at: (relative: string) => string,
  where: ConfigLocation,
): ApiConfig['tls'] {
  const [pinning] = Object.entries(sources).filter(([, settings]) => pinsClients(settings));
  if (tls === undefined) {
    if (pinning === undefined) return undefined;
    throw configFailure(where, ['sources', pinning[0]], 'a client certificate needs [listen.tls]');
  }
  if (tls.client_ca_file !== undefined && pinning === undefined)
    throw configFailure(
      where,
      ['listen', 'tls', 'client_ca_file'],
      'no source pins a client certificate, so it would judge nobody',
    );
  return {
    certificateFile: at(tls.certificate_file),
    keyFile: at(tls.key_file),
    clientCaFile: tls.client_ca_file === undefined ? undefined : at(tls.client_ca_file),
    asksClients: pinning !== undefined,
  };
}

/** The plug-in sees its own section under its own name, so that its messages name the right line. */
function sourceOf(name: string, source: ApiToml['sources'][string], { file, lineOf }: ConfigLocation): SourceConfig {
  const {
    use,
    networks,
    playbooks,
    deliveries_per_minute: deliveriesPerMinute,
    heartbeat_alert: heartbeatAlert,
    ...settings
  } = source;
  return {
    name,
    plugin: {
      kind: 'alert-source',
      use,
      settings,
      where: { file, lineOf: (path) => lineOf(['sources', name, ...path]) },
    },
    limits: { networks, playbooks },
    deliveriesPerMinute,
    heartbeatAlert,
  };
}

function readerOf(name: string, reader: ApiToml['readers'][string], { file, lineOf }: ConfigLocation): ReaderConfig {
  const where = { file, lineOf: (path: readonly (string | number)[]) => lineOf(['readers', name, ...path]) };
  const { secret_file: secretFile, next_secret_file: nextFile, ...rest } = reader;
  const at = (relative: string): string => resolve(dirname(file), relative);
  const section = {
    ...rest,
    ...(secretFile === undefined ? {} : { secret_file: at(secretFile) }),
    ...(nextFile === undefined ? {} : { next_secret_file: at(nextFile) }),
  };
  return { name, secrets: secretsOf(section, reader, where) };
}

function blobsOf({ use, ...settings }: ApiToml['blobs'], { file, lineOf }: ConfigLocation): PluginChoice {
  return { kind: 'blob', use, settings, where: { file, lineOf: (path) => lineOf(['blobs', ...path]) } };
}

function apiKeyOf(
  variable: string | undefined,
  environment: (name: string) => string | undefined,
  where: ConfigLocation,
): string | undefined {
  if (variable === undefined) return undefined;
  const key = environment(variable);
  if (key !== undefined && key !== '') return key;
  const { message, details } = configFailure(where, ['temporal', 'api_key_env'], `the variable ${variable} is not set`);
  throw new FirebreakFailure('input.api-secret', message, details);
}
