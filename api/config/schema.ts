import { z } from 'zod';
import { secretFields } from '../../plugins/alert-source/secret.ts';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from '../../workflows/settings.ts';

const port = () => z.int('write a whole number').min(1, 'ports start at 1').max(65_535, 'ports end at 65535');
const line = (most = 300) =>
  z.string('write a text in quotes').min(1, 'must not be empty').max(most, `at most ${most} characters`);
const count = (least: number, most: number) =>
  z.int('write a whole number').min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);
const address = (usual: number) => ({ host: line(200).default('127.0.0.1'), port: port().default(usual) });
const tls = z.strictObject({
  certificate_file: line(1_000).describe('PEM, the chain of the api, its own first; relative to this file'),
  key_file: line(1_000).describe('PEM, readable by its owner only'),
  client_ca_file: line(1_000)
    .optional()
    .describe('PEM; a client certificate that none of these issued counts for none, whatever a source pins'),
});
const scalar = z.union([z.string().max(4_096), z.int(), z.boolean()], 'write a text, a whole number, true or false');
const givenInput = z.union([scalar, z.array(scalar).max(128)]);
const names = (what: string) => z.array(line(100)).min(1, `name at least one ${what}`).max(100, 'at most 100');

/** Its name is part of the address and of the name of every record: short and plain. */
export const sourceName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'a name has lower-case letters, digits and hyphens');

/** One sender. The remaining settings belong to the plug-in that `use` names. */
export const sourceTomlSchema = z.looseObject({
  use: line(200).describe(
    'plug-in: alertmanager, pagerduty, signed-webhook, an npm package, or a path relative to this file',
  ),
  networks: names('network').describe(
    'networks that this source may speak for; the only one is assumed for alerts that name none',
  ),
  playbooks: names('playbook').describe('playbooks that its alerts may start'),
  deliveries_per_minute: count(1, 100_000).default(600).describe('more are answered with 429'),
  heartbeat_alert: line(100)
    .default('Watchdog')
    .describe('name of its always-firing alert: that one is no incident, it says that the sender lives'),
});

/** Somebody who may read incidents, and nothing else. */
export const readerTomlSchema = z.strictObject({ ...secretFields });

/** `api.toml`: what the api reads, and the only thing it reads besides the variables and files named in it. */
export const apiTomlSchema = z.strictObject({
  log_level: z.enum(['debug', 'info', 'warn', 'error'], 'write debug, info, warn or error').default('info'),
  data_folder: line(1_000).default('.').describe('where relative folders of plug-ins begin; relative to this file'),
  listen: z
    .strictObject({ ...address(8080), tls: tls.optional().describe('plain HTTP when absent; read once, at the start') })
    .prefault({})
    .describe('alerts come in here'),
  metrics: z.strictObject(address(9090)).prefault({}).describe('health and metrics'),
  temporal: z.strictObject({
    address: z.string('write "host:port"').regex(/^[^\s/]+:\d{1,5}$/, 'write "host:port"'),
    namespace: line(200).default(DEFAULT_NAMESPACE),
    task_queue: line(200).default(DEFAULT_TASK_QUEUE),
    tls: z.boolean('write true or false').default(false),
    api_key_env: line(200).optional().describe('name of the environment variable that holds the API key'),
    answer_ms_max: count(100, 30_000)
      .default(5_000)
      .describe('how long Temporal may take before the sender is told to try again'),
  }),
  playbooks: z.strictObject({
    folder: line(1_000).describe('one folder per playbook, each with playbook.yaml; relative to this file'),
    catalogue_file: line(1_000).describe('what the installation offers; relative to this file'),
    coordinator_file: line(1_000)
      .optional()
      .describe(
        'coordinator.toml of a worker on this machine; relative to this file. Playbooks are planned again when it changes, and have rotted when they need a channel that it lacks',
      ),
    inputs: z
      .record(line(100), z.record(line(100), givenInput))
      .prefault({})
      .describe(
        'what a run that an alert starts is given where the alert gives nothing, by playbook and input: `[playbooks.inputs.validator-offline]`, `holdFor = "20m"`; default: what the playbook says',
      ),
  }),
  blobs: z
    .looseObject({ use: line(200).default('folder').describe('plug-in; the same store as the workers have') })
    .prefault({})
    .describe('where plans are put for workers to find'),
  limits: z
    .strictObject({
      body_bytes_max: count(1_024, 16_777_216).default(1_048_576).describe('a larger body is answered with 413'),
      body_seconds_max: count(1, 300).default(10).describe('a request that is not complete by then is cut off'),
      connections_max: count(1, 10_000).default(256).describe('further connections are closed at once'),
      strangers_per_minute: count(1, 100_000)
        .default(60)
        .describe('deliveries without a right credential, per address'),
    })
    .prefault({}),
  readers: z
    .record(sourceName, readerTomlSchema)
    .refine((readers) => Object.keys(readers).length <= 20, 'at most 20 readers')
    .prefault({})
    .describe('who may read incidents, each with a bearer token; nobody when there is none'),
  sources: z
    .record(sourceName, sourceTomlSchema)
    .refine((sources) => Object.keys(sources).length > 0, 'name at least one source')
    .refine((sources) => Object.keys(sources).length <= 100, 'at most 100 sources'),
});
export type ApiToml = z.infer<typeof apiTomlSchema>;
