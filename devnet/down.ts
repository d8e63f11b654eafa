import { existsSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { confirm } from '../cli/ask.ts';
import type { Screen } from '../cli/screen.ts';
import { type Layout } from './layout.ts';
import type { DownOptions } from './options.ts';
import { isLocked } from './supervisor/folder-lock.ts';
import { leftovers, readState, writeState } from './supervisor/ledger.ts';
import { isAlive, signalProcess } from './supervisor/process-identity.ts';
import { strays } from './supervisor/strays.ts';
import { endProcess } from './supervisor/supervisor.ts';

/** A running supervisor puts everything away in order; that takes this long at most. */
const ORDERLY_STOP_MS = 60_000;
const LEFTOVER_GRACE_MS = 5_000;

export type Stopped = { readonly supervisor: boolean; readonly processes: readonly string[] };

/** Ends the devnet of this folder: through its supervisor when that lives, else exactly the processes that it left behind. */
export async function stopNetwork(layout: Layout): Promise<Stopped> {
  const state = readState(layout.state);
  if (state === undefined) return { supervisor: false, processes: [] };
  const { supervisor } = state;
  const names = leftovers(state).map((one) => one.name);
  if (supervisor !== undefined && isAlive(supervisor) && isLocked(layout.lock)) {
    signalProcess(supervisor, 'SIGTERM');
    const deadline = Date.now() + ORDERLY_STOP_MS;
    while (isAlive(supervisor) && Date.now() < deadline) await wait(100);
    if (!isAlive(supervisor)) return { supervisor: true, processes: names };
    signalProcess(supervisor, 'SIGKILL');
  }
  return { supervisor: false, processes: await endLeftovers(layout) };
}

/** Ends what a crashed supervisor left running; nothing when it ended well. */
export async function endLeftovers(layout: Layout): Promise<readonly string[]> {
  const state = readState(layout.state);
  if (state === undefined) return [];
  const known = leftovers(state);
  const left = [...known, ...strays(layout.root).filter(({ pid }) => known.every((one) => one.pid !== pid))];
  await Promise.all(left.map((one) => endProcess(one, LEFTOVER_GRACE_MS)));
  if (state.processes.length > 0) writeState(layout.state, { ...state, supervisor: undefined, processes: [] });
  return left.map((one) => one.name);
}

/** What `down` says; `purged` is undefined when nobody asked for it. */
export function downLines({ processes }: Stopped, purged: boolean | undefined, root: string): readonly string[] {
  const ended = processes.length === 0 ? 'nothing was running' : `stopped ${processes.length} processes`;
  if (purged === undefined) return [ended];
  return [ended, purged ? `removed ${root}` : `nothing to remove: there is no ${root}`];
}

export const isDevnet = (layout: Layout): boolean =>
  [layout.state, layout.network, layout.lock].some((file) => existsSync(file));

/**
 * Asks whoever sits at a terminal before anything is stopped or deleted; throws `policy.not-confirmed`. A script is asked nothing: it
 * has written --purge down.
 */
export async function agreeToPurge(
  screen: Screen,
  layout: Layout,
  { purge: wanted, yes }: Pick<DownOptions, 'purge' | 'yes'>,
  ask: typeof confirm = confirm,
): Promise<void> {
  if (!wanted || !screen.interactive || !isDevnet(layout)) return;
  const text = `stop this network and delete ${layout.root} for good: every key and key share, journals, chain, incidents and their evidence?`;
  await ask(screen, { text, flag: '--yes', given: yes });
}

/** Removes the data folder, but only one that a devnet made; false when there is none. */
export function purge(layout: Layout): boolean {
  if (!existsSync(layout.root)) return false;
  if (!isDevnet(layout)) {
    throw new FirebreakFailure('input.not-a-data-folder', `${layout.root} holds no devnet; nothing was deleted`, {
      folder: layout.root,
    });
  }
  rmSync(layout.root, { recursive: true, force: true });
  return true;
}
