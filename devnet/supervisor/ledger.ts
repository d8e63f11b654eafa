import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

const identitySchema = z.strictObject({ pid: z.number().int().positive(), startTime: z.string() });
const schema = z.strictObject({
  version: z.literal(1),
  portBase: z.number().int(),
  keystore: z.enum(['hsm', 'file']),
  supervisor: identitySchema.optional(),
  processes: z
    .array(z.strictObject({ name: z.string(), pid: z.number().int().positive(), startTime: z.string() }))
    .max(64),
});

/** `devnet.json`: what was chosen for this network, and which processes belong to it. */
export type DevnetState = {
  readonly version: 1;
  readonly portBase: number;
  readonly keystore: 'hsm' | 'file';
  readonly supervisor?: ProcessIdentity | undefined;
  readonly processes: readonly (ProcessIdentity & { readonly name: string })[];
};

/** undefined when this folder has never held a devnet; throws `input.data-folder-damaged`. */
export function readState(file: string): DevnetState | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new FirebreakFailure('input.data-folder-damaged', `${file} cannot be read: ${(error as Error).message}`, {
      file,
    });
  }
}

/** Written beside and renamed: a crash leaves the old state or the new one. */
export function writeState(file: string, state: DevnetState): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The running processes of this supervisor, on disk before anyone may rely on them. */
export type Ledger = { add(name: string, pid: number): ProcessIdentity | undefined; remove(pid: number): void };

export function openLedger(file: string, choice: Pick<DevnetState, 'portBase' | 'keystore'>): Ledger {
  const processes = new Map<number, ProcessIdentity & { readonly name: string }>();
  const supervisor = identify(process.pid);
  const save = (): void => writeState(file, { version: 1, ...choice, supervisor, processes: [...processes.values()] });
  save();
  return {
    add(name, pid) {
      const identity = identify(pid);
      if (identity === undefined) return undefined;
      processes.set(pid, { name, ...identity });
      save();
      return identity;
    },
    remove(pid) {
      if (processes.delete(pid)) save();
    },
  };
}

/** Processes of an earlier supervisor that still run: exactly those, never a stranger with a reused pid. */
export const leftovers = (state: DevnetState): DevnetState['processes'] => state.processes.filter(isAlive);
