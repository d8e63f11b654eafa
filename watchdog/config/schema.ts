import { z } from 'zod';
import { ENVIRONMENTS } from '../../domain/network/network.ts';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from '../../workflows/settings.ts';

const line = (most = 300) =>
  z.string('write a text in quotes').min(1, 'must not be empty').max(most, `at most ${most} characters`);
const count = (least: number, most: number) =>
  z.int('write a whole number').min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);
const named = /^[a-z][a-z0-9-]{0,39}$/;

/** `watchdog.toml`: what the watchdog reads, and the only thing it reads besides the variables and files named in it. */
export const watchdogTomlSchema = z.strictObject({
  network: line(100).describe('said in every page'),
  environment: z
    .enum(ENVIRONMENTS, `write one of ${ENVIRONMENTS.join(', ')}`)
    .describe('outside production every page says that it is an exercise'),
  log_level: z.enum(['debug', 'info', 'warn', 'error'], 'write debug, info, warn or error').default('info'),
  state_file: line(1_000).default('watchdog.json').describe('what it remembers; relative to this file'),
  every_seconds: count(1, 300).default(10).describe('how often it looks'),
  lost_after_looks: count(1, 100).default(3).describe('so many bad looks in a row are an outage'),
  back_after_looks: count(1, 100).default(2).describe('so many good looks in a row end it'),
  temporal: z.strictObject({
    address: z.string('write "host:port"').regex(/^[^\s/]+:\d{1,5}$/, 'write "host:port"'),
    namespace: line(200).default(DEFAULT_NAMESPACE),
    task_queues: z
      .array(line(200))
      .min(1, 'name at least one task queue')
      .max(20, 'at most 20')
      .default([DEFAULT_TASK_QUEUE])
      .describe('each needs a worker'),
    tls: z.boolean('write true or false').default(false),
    api_key_env: line(200).optional().describe('name of the environment variable that holds the API key'),
    answer_ms_max: count(100, 30_000).default(3_000).describe('a look that takes longer is a bad one'),
    worker_silent_seconds: count(70, 3_600)
      .default(120)
      .describe('a worker that has not asked for work for so long is gone; a living one asks every 60 seconds'),
  }),
  apis: z
    .array(z.url('write the address of the metrics of an api, such as http://127.0.0.1:9090'))
    .max(20, 'at most 20')
    .default([])
    .describe('addresses of health and metrics of every api; one that answers is enough'),
  heartbeats: z
    .record(z.string().regex(named, 'name a source of api.toml'), count(1, 1_440))
    .refine((sources) => Object.keys(sources).length <= 20, 'at most 20 sources')
    .prefault({})
    .describe('per source of api.toml, the minutes within which its always-firing alert has to come again'),
  channels: z
    .record(
      z.string().regex(named, 'name a channel in lower-case letters, digits and hyphens'),
      z.looseObject({ use: line(200).describe('built-in notifier, npm package, or path relative to this file') }),
      'write sections [channels.<name>]',
    )
    .refine(
      (channels) => Object.keys(channels).length > 0,
      'name at least one channel: a watchdog that reaches nobody is none',
    )
    .refine((channels) => Object.keys(channels).length <= 20, 'at most 20 channels')
    .describe('how people are told; best on other routes than the coordinator'),
  metrics: z
    .strictObject({
      host: line(200).default('127.0.0.1'),
      port: count(1, 65_535).optional().describe('metrics over HTTP; none when absent'),
    })
    .prefault({}),
});
export type WatchdogToml = z.infer<typeof watchdogTomlSchema>;
