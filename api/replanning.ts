import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Unfit } from '../domain/alert/match.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ApiConfig } from './config.ts';
import type { ApiMetrics } from './metrics.ts';
import { channelsIn, type Compiled, type Library, readPlaybooks } from './playbooks.ts';

/** How often the files are looked at: a name, a time and a size each. */
export const LOOK_MS = 30_000;
/** Planned again after so long even if no file has changed. */
const AGAIN_MS = 3_600_000;
/** Stands for what concerns every playbook: the catalogue, or the folder. */
const ALL = 'all';
const LEFT_OUT = 'the next start leaves it out';
const REFUSED = 'workers refuse its runs';
const FILES = ['playbook.yaml', 'playbook.signed.json'] as const;

export type Replanning = {
  /** Playbooks that alerts can start now and that the next start would leave out, or whose runs workers would refuse; the reason says which. */
  readonly rotted: () => readonly Unfit[];
  /** Plans again if something has changed, or if the last time is long ago. */
  look(nowMs: number): void;
};

/**
 * Plans idle playbooks again while the api runs. It goes on answering with what it has loaded, whatever happens to the texts; what would be left
 * out at its next start is told today, and not on the day of that start. `reread` is given what could be planned: new signatures under the plans
 * that are loaded count at once, because after a hand-over of the committee the old ones start nothing.
 */
export function replanning(
  config: Pick<ApiConfig, 'playbooks' | 'sources'>,
  loaded: readonly string[],
  metrics: ApiMetrics,
  error: (about: { readonly playbook: string }, message: string) => void,
  reread: (compiled: readonly Compiled[]) => void,
): Replanning {
  let rotted: readonly Unfit[] = [];
  let seen = '';
  let plannedMs = Number.NEGATIVE_INFINITY;
  return {
    rotted: () => rotted,
    look: (nowMs) => {
      const files = fingerprint(config.playbooks);
      if (files === seen && nowMs - plannedMs < AGAIN_MS) return;
      seen = files;
      plannedMs = nowMs;
      const found = planned(config, loaded, reread);
      for (const { name: playbook, reason } of found)
        if (!rotted.some((each) => each.name === playbook && each.reason === reason))
          error({ playbook }, `playbook ${playbook} has rotted, ${reason}`);
      for (const { name: playbook } of [...rotted, ...found])
        metrics.set('firebreak_api_playbook_rotted', found.some(({ name }) => name === playbook) ? 1 : 0, { playbook });
      rotted = found;
    },
  };
}

function planned(
  config: Pick<ApiConfig, 'playbooks' | 'sources'>,
  loaded: readonly string[],
  reread: (compiled: readonly Compiled[]) => void,
): readonly Unfit[] {
  try {
    const library = readPlaybooks(config);
    reread(library.compiled);
    const gone = missingFrom(library, loaded, LEFT_OUT);
    const here = loaded.filter((name) => !gone.some((each) => each.name === name));
    return [...gone, ...untold(config, here)];
  } catch (failure) {
    return [{ name: ALL, reason: `${LEFT_OUT}: ${wordsOf(failure)}` }];
  }
}

/** What would be refused when it opens, for want of a channel. A start does not ask: an installation that has lost one still takes alerts. */
function untold(config: Pick<ApiConfig, 'playbooks' | 'sources'>, loaded: readonly string[]): readonly Unfit[] {
  const { coordinatorFile } = config.playbooks;
  if (coordinatorFile === undefined) return [];
  try {
    return missingFrom(readPlaybooks(config, channelsIn(coordinatorFile)), loaded, REFUSED);
  } catch (failure) {
    return [{ name: ALL, reason: `${REFUSED}: ${wordsOf(failure)}` }];
  }
}

function missingFrom({ compiled, unfit }: Library, names: readonly string[], what: string): readonly Unfit[] {
  return names.flatMap((name) => {
    if (compiled.some(({ plan }) => plan.name === name)) return [];
    const reason = unfit.find((each) => each.name === name)?.reason ?? 'it is not in the folder any more';
    return [{ name, reason: `${what}: ${reason}` }];
  });
}

/** Whatever it is, alerts go on being taken: it is thrown inside a timer, and nobody above would catch it. */
function wordsOf(failure: unknown): string {
  if (failure instanceof FirebreakFailure) return failure.message;
  return failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure);
}

/** Of everything that is planned from; what cannot be looked at is part of it as such. */
function fingerprint({ folder, catalogueFile, coordinatorFile }: ApiConfig['playbooks']): string {
  const names = tried(() => readdirSync(folder).sort()) ?? [];
  const beside = coordinatorFile === undefined ? [] : [coordinatorFile];
  return [catalogueFile, ...beside, ...names.flatMap((name) => FILES.map((file) => join(folder, name, file)))]
    .map((file) => {
      const found = tried(() => statSync(file));
      return `${file} ${found === undefined ? 'none' : `${found.mtimeMs} ${found.size} ${found.ino}`}`;
    })
    .join('\n');
}

function tried<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
