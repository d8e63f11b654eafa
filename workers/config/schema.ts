import { z } from 'zod';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from '../../workflows/settings.ts';

const port = () => z.int('write a whole number').min(1, 'ports start at 1').max(65_535, 'ports end at 65535');
const line = (most = 300) =>
  z.string('write a text in quotes').min(1, 'must not be empty').max(most, `at most ${most} characters`);

/** More ways to tell people than anybody looks at. */
const CHANNELS_MAX = 20;

/** A section whose other settings belong to the plug-in that `use` names; the plug-in's own `parse` reads them. */
const plugin = (usual: string) =>
  z.looseObject({
    use: line(200).default(usual).describe('built-in name, npm package, or path relative to this file'),
  });

/** `coordinator.toml`: what a worker process reads, and the only thing it reads besides the variables named in it. */
export const coordinatorTomlSchema = z.strictObject({
  data_folder: line(1_000).default('.').describe('chain index and workflow bundle; relative to this file'),
  log_level: z.enum(['debug', 'info', 'warn', 'error'], 'write debug, info, warn or error').default('info'),
  policy_version: z
    .int('write a whole number')
    .min(0)
    .max(0xffff_ffff)
    .default(1)
    .describe('rules that validators sign under'),
  temporal: z.strictObject({
    address: z.string('write "host:port"').regex(/^[^\s/]+:\d{1,5}$/, 'write "host:port"'),
    namespace: line(200).default(DEFAULT_NAMESPACE),
    task_queue: line(200).default(DEFAULT_TASK_QUEUE),
    tls: z.boolean('write true or false').default(false),
    api_key_env: line(200).optional().describe('name of the environment variable that holds the API key'),
    cached_workflows_max: z.int('write a whole number').min(0).max(10_000).default(200),
  }),
  network: z.looseObject({
    use: line(200).default('libp2p').describe('plug-in that reaches the validators'),
    genesis_file: line(1_000).describe('the pinned network.json; relative to this file'),
  }),
  bitcoin: plugin('bitcoin'),
  blobs: plugin('folder').prefault({}),
  terms: plugin('signed-registry').prefault({}),
  grants_folder: line(1_000)
    .default('grants')
    .describe(
      'standing orders that playbooks may use, as `firebreak grant install` lays them there; relative to this file',
    ),
  channels: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'name a channel in lower-case letters, digits and hyphens'),
      z.looseObject({ use: line(200).describe('built-in notifier, npm package, or path relative to this file') }),
      'write sections [channels.<name>]',
    )
    .refine((channels) => Object.keys(channels).length <= CHANNELS_MAX, `at most ${CHANNELS_MAX} channels`)
    .prefault({})
    .describe('how people are told, by the names that playbooks use; one section each'),
  metrics: z
    .strictObject({
      host: line(200).default('127.0.0.1'),
      port: port().optional().describe('metrics and health over HTTP; none when absent'),
    })
    .prefault({}),
});

export type CoordinatorToml = z.infer<typeof coordinatorTomlSchema>;
