import type { AgentDependencies } from './dependencies.ts';
import type { TermsRow } from './journal/journal.ts';

const WATCH_MS_MAX = 20_000;

/**
 * Keeps the chain view looking at every vault that the journal holds. The view's index is a cache: after a restart, or when it
 * was rebuilt, it is told again; a script it does not know yet is watched before anything is said about it.
 */
export class Watching {
  readonly #parts: Pick<AgentDependencies, 'chain' | 'journal' | 'clock' | 'logger'>;
  readonly #watched = new Set<string>();
  readonly #stopped = new AbortController();
  #resumed = false;

  constructor(parts: Pick<AgentDependencies, 'chain' | 'journal' | 'clock' | 'logger'>) {
    this.#parts = parts;
  }

  /** All vaults of the journal in one scan, once; after a failure the next call tries again. */
  async resume(): Promise<void> {
    if (this.#resumed) return;
    try {
      await this.#watch(this.#parts.journal.terms.list());
      this.#resumed = true;
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'the vaults of the journal could not be watched yet');
    }
  }

  async ensure(row: Pick<TermsRow, 'script' | 'watchFromHeight'>): Promise<void> {
    if (!this.#watched.has(row.script)) await this.#watch([row]);
  }

  /**
   * Whether the view has searched all of these blocks by now; it is asked itself, since an index that was rebuilt searches again what
   * is remembered here. Does not wait: what is not searched yet is searched meanwhile, for who asks later.
   */
  async isSearched(rows: readonly Pick<TermsRow, 'script' | 'watchFromHeight'>[]): Promise<boolean> {
    // Each from its own height: a lower one would make the view search again, and hide the script until it has.
    const heights = Map.groupBy(rows, (row) => row.watchFromHeight);
    try {
      for (const [from, group] of heights) {
        const scripts = group.map((row) => row.script);
        await this.#parts.chain.watch(scripts, from, {
          signal: this.#stopped.signal,
          deadlineMs: this.#parts.clock(),
        });
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Has the view look for it from now on, without waiting; `ensure` waits, for whoever asks about it. */
  begin(row: Pick<TermsRow, 'script' | 'watchFromHeight'>): void {
    void this.isSearched([row]);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #watch(rows: readonly Pick<TermsRow, 'script' | 'watchFromHeight'>[]): Promise<void> {
    if (rows.length === 0) return;
    const from = rows.reduce((least, row) => Math.min(least, row.watchFromHeight), Number.MAX_SAFE_INTEGER);
    const scripts = rows.map((row) => row.script);
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(WATCH_MS_MAX)]);
    await this.#parts.chain.watch(scripts, from, { signal, deadlineMs: this.#parts.clock() + WATCH_MS_MAX });
    for (const script of scripts) this.#watched.add(script);
  }
}
