import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { errnoOf, writeDurably } from '../plugins/durable-file.ts';
import { NO_OUTAGE, type Outage } from './outage.ts';

/** More than any installation has open at once; the newest are kept. */
export const INCIDENTS_MAX = 500;
export const PAGES_MAX = 100;
const BYTES_MAX = 2_097_152;

const receipt = z.object({
  route: z.string(),
  reference: z.string(),
  state: z.enum(['accepted', 'shown']),
  exercise: z.boolean(),
  atMs: z.number(),
  missed: z.number(),
});
const page = z.object({
  what: z.string(),
  title: z.string(),
  body: z.string(),
  sinceMs: z.number(),
  /** By channel, what opened its conversation. */
  receipts: z.record(z.string(), receipt),
  tries: z.number(),
  /** Says that it is over, as soon as people were told that it began. */
  over: z.boolean(),
  resolved: z.array(z.string()),
  /** Nothing ends it but a person: it is told and not taken back. */
  once: z.boolean(),
});
/** One thing that people are told, until they have been told that it is over. */
export type Page = z.infer<typeof page>;

const schema = z.object({
  version: z.literal(1),
  /** What counts as lost, by its name. */
  lost: z.record(z.string(), z.number()),
  pages: z.array(page).max(PAGES_MAX),
  /** Open incidents: workflow, and its run when it was seen last. */
  incidents: z.record(z.string(), z.object({ runId: z.string(), title: z.string(), severity: z.string() })),
  /** By source, Unix milliseconds: when its heartbeat came last, or since when it is waited for. */
  heartbeats: z.record(z.string(), z.number()),
});
export type Memory = z.infer<typeof schema>;

export const emptyMemory = (): Memory => ({ version: 1, lost: {}, pages: [], incidents: {}, heartbeats: {} });

/** What was remembered; nothing when there is no file yet. Throws `input.watchdog-file` for one that is no memory. */
export async function recall(file: string): Promise<Memory> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return emptyMemory();
    throw broken(file, error);
  }
  try {
    if (bytes.length > BYTES_MAX) throw new Error(`it has more than ${BYTES_MAX} bytes`);
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw broken(file, error);
  }
}

export const remember = (file: string, memory: Memory): Promise<void> =>
  writeDurably(file, Buffer.from(JSON.stringify(memory)));

/** An outage that began before this process did is still the same outage. */
export const outagesOf = ({ lost }: Memory): Map<string, Outage> =>
  new Map(Object.entries(lost).map(([what, lostAtMs]) => [what, { ...NO_OUTAGE, lostAtMs }]));

function broken(file: string, error: unknown): FirebreakFailure {
  const reason = (error instanceof Error ? error.message : String(error)).slice(0, 200);
  return new FirebreakFailure('input.watchdog-file', `cannot read what the watchdog remembers in ${file}: ${reason}`, {
    file,
  });
}
