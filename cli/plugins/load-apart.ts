import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { type FailureCode, FirebreakFailure } from '../../domain/errors/failure.ts';
import type { PluginKind } from '../../domain/plugin/manifest.ts';
import { NODE_FLAGS } from '../room.ts';

const LOADER = new URL('./loader.ts', import.meta.url);
const TEXT_MAX = 2_000;

/** What the loader sends back, and the plug-in could send in its place: it is claimed, not proven. */
const answerSchema = z.union([
  z.strictObject({
    manifest: z.object({
      kind: z.string(),
      name: z.string(),
      contractVersion: z.int(),
      summary: z.string(),
      capabilities: z.array(z.string()),
      irreversible: z.array(z.string()),
      configSchema: z.record(z.string(), z.unknown()),
    }),
  }),
  z.strictObject({
    code: z.string().regex(/^[a-z-]+\.[a-z-]+$/),
    message: z.string().transform((text) => text.slice(0, TEXT_MAX)),
  }),
]);

export type LoadedManifest = Extract<z.infer<typeof answerSchema>, { manifest: unknown }>['manifest'];

/**
 * Loads a plug-in in a process of its own, which is gone when this returns: foreign code that hangs, spins or ends its process
 * costs the check nothing but this answer. Throws what the loader refuses, `unavailable.plugin-hung` after `limitMs`, or
 * `input.plugin-import` when the process ended before it had answered.
 */
export async function loadApart(kind: PluginKind, use: string, limitMs: number): Promise<LoadedManifest> {
  const child = fork(LOADER, [kind, use], { execArgv: NODE_FLAGS, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const ended = once(child, 'exit');
  const expiry = AbortSignal.timeout(limitMs);
  try {
    const first = await Promise.race([
      once(child, 'message', { signal: expiry }).then(([answer]) => ({ answer: answer as unknown })),
      ended.then(([code, signal]) => ({ end: signal === null ? `exit code ${code}` : `signal ${signal}` })),
    ]);
    if ('answer' in first) return manifestIn(first.answer, use);
    throw refusal('input.plugin-import', use, `its module ended the process that loaded it (${first.end})`);
  } catch (error) {
    if (!expiry.aborted || error instanceof FirebreakFailure) throw error;
    throw refusal('unavailable.plugin-hung', use, `it was not loaded within ${limitMs} ms`);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function manifestIn(answer: unknown, use: string): LoadedManifest {
  const { success, data } = answerSchema.safeParse(answer);
  if (!success) throw refusal('input.plugin-import', use, 'its module answered in place of its loader');
  if ('manifest' in data) return data.manifest;
  throw new FirebreakFailure(data.code as FailureCode, data.message, { plugin: use });
}

const refusal = (code: FailureCode, use: string, message: string): FirebreakFailure =>
  new FirebreakFailure(code, `plug-in ${use}: ${message}`, { plugin: use });
