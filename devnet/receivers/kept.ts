import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The ways in which a devnet tells people, by the names that the shipped playbooks use. */
export const CHANNELS = ['pagerduty', 'mail', 'slack', 'webhook'] as const;
export type Channel = (typeof CHANNELS)[number];
/** And the PagerDuty of Alertmanager, a service of its own: what it rings for is no page of a playbook. */
export const RECEIVERS = [...CHANNELS, 'on-call'] as const;
export type Receiver = (typeof RECEIVERS)[number];

const keptSchema = z.strictObject({
  /** When the receiver had it, Unix milliseconds. */
  atMs: z.number().int(),
  headline: z.string(),
  text: z.string(),
  /** The other side closed its alert with it. */
  over: z.boolean(),
});
export type Kept = z.infer<typeof keptSchema>;

/** One line of JSON per message, oldest first. */
export const keptFile = (dir: string, receiver: Receiver): string => join(dir, `${receiver}.jsonl`);

/** What a receiver has got so far; nothing before its first message. */
export function readKept(dir: string, receiver: Receiver): readonly Kept[] {
  const file = keptFile(dir, receiver);
  if (!existsSync(file)) return [];
  // The last line may be on its way.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => keptSchema.parse(JSON.parse(line)));
}
