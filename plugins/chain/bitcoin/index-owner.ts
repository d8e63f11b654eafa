import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { isDamage, openIndexFile, reasonText, replaceIndexFile } from './index-file.ts';
import { IndexStore } from './index-store.ts';
import type { ChainLogger } from './logger.ts';
import { Scanner, type ScannerOptions } from './scanner.ts';

/** The index file with the scanner over it; replaces a damaged file and carries the watch list over. */
export class IndexOwner {
  readonly #path: string;
  readonly #options: ScannerOptions;
  readonly #logger: ChainLogger;
  readonly #changed: () => void;
  #open: { readonly store: IndexStore; readonly scanner: Scanner } | undefined;

  constructor(path: string, options: ScannerOptions, logger: ChainLogger, changed: () => void) {
    this.#path = path;
    this.#options = options;
    this.#logger = logger;
    this.#changed = changed;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  get store(): IndexStore {
    return this.#opened().store;
  }

  get scanner(): Scanner {
    return this.#opened().scanner;
  }

  /** Throws `unavailable.index` when not even an empty file can be made. */
  open(): void {
    try {
      const { db, rebuilt } = openIndexFile(this.#path, this.#options.reorgDepthMax);
      if (rebuilt !== undefined)
        this.#logger.warn({ reason: rebuilt }, 'the chain index was damaged or of another version and starts empty');
      const store = new IndexStore(db);
      this.#open = { store, scanner: new Scanner(store, this.#options, this.#changed) };
    } catch (cause) {
      throw indexFailure(cause);
    }
  }

  close(): void {
    this.#open?.store.close();
    this.#open = undefined;
  }

  /** What SQLite threw, as a failure; a damaged file is replaced at once, and its scripts are searched for again. */
  mend(cause: unknown): FirebreakFailure {
    const failure = indexFailure(cause);
    if (!isDamage(cause) || this.#open === undefined) return failure;
    const watched = this.#open.scanner.watchList();
    try {
      replaceIndexFile(this.#path, watched, this.#options.reorgDepthMax, () => this.close());
    } catch (second) {
      return indexFailure(second);
    }
    this.open();
    return failure;
  }

  #opened(): { readonly store: IndexStore; readonly scanner: Scanner } {
    if (this.#open !== undefined) return this.#open;
    throw new FirebreakFailure('not-yet.chain-view', 'the chain view is not running; call start first');
  }
}

function indexFailure(cause: unknown): FirebreakFailure {
  if (cause instanceof FirebreakFailure) return cause;
  return new FirebreakFailure(
    'unavailable.index',
    `the chain index cannot be read or written (${reasonText(cause)}); free disk space or repair the permissions of the data folder`,
    {},
    { cause },
  );
}
