import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FirebreakFailure, failureOf } from '../domain/errors/failure.ts';
import { validatorName } from '../domain/network/network.ts';
import { readText } from '../plugins/settings-file.ts';
import { type LoadedConfig, loadConfig } from './config.ts';
import type { AgentLogger } from './custody/dependencies.ts';
import type { CustodyInterchangeFailure } from './custody/interchange/failures.ts';
import { INTERCHANGE_BYTES_MAX, readInterchange, writeInterchange } from './custody/interchange/file.ts';
import { importInto } from './custody/interchange/import.ts';
import {
  asFarAsHeld,
  type Interchange,
  interchangeOf,
  judgeOwner,
  mergeOf,
  ownerIn,
} from './custody/interchange/interchange.ts';
import type { Journal } from './custody/journal/journal.ts';
import { openJournal } from './custody/journal/open.ts';
import { journalWasMade } from './key-uses.ts';

export const JOURNAL_USAGE = `usage: firebreak validator journal export --config <validator.toml> --out <file>
       firebreak validator journal import --config <validator.toml> <file>
       firebreak validator journal merge --out <file> <file> <file>
       firebreak validator journal check --config <validator.toml> [<file>]`;

/** What a verb has done, in lines for a person or as one object. */
export type JournalOutcome = {
  readonly lines: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  /** 1 when `check` found that something is missing. */
  readonly exitCode: 0 | 1;
};

/** `validator journal export|import|merge|check`: the agent of the folder must be stopped, and the lock of the folder says so. */
export function journalCommand([verb = '', ...args]: readonly string[]): JournalOutcome {
  const { config, out, files } = read(args);
  switch (verb) {
    case 'export':
      exactly(files, 0);
      return exported(required(out, '--out'), config);
    case 'import':
      return imported(config, exactly(files, 1));
    case 'merge':
      return merged(required(out, '--out'), exactly(files, 2));
    case 'check':
      return checked(config, files.length === 0 ? [] : exactly(files, 1));
    default:
      throw usage(JOURNAL_USAGE);
  }
}

function exported(out: string, configFile: string): JournalOutcome {
  const loaded = loadConfig(configFile);
  const interchange = inFolder(loaded, (journal) => interchangeOf(journal, ownerIn(loaded.genesis, loaded.config.id)));
  write(out, interchange);
  return told(`the journal of ${validatorName(loaded.config.id)} is in ${out}`, interchange, { file: out });
}

function imported(configFile: string, [file = '']: readonly string[]): JournalOutcome {
  const { config, genesis } = loadConfig(configFile);
  const interchange = readFile(file);
  const owner = ownerIn(genesis, config.id);
  const stranger = judgeOwner(interchange.owner, owner);
  // Before any folder is made.
  if (stranger !== undefined) throw failureOf(stranger);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const take = (journal: Journal): void =>
    importInto({ genesis, self: config.id, journal, clock: Date.now, logger: SILENT }, interchange);
  if (!journalWasMade(config.dataDir)) rehearse(config.dataDir, take);
  const journal = openJournal(config.dataDir);
  try {
    const before = writeInterchange(interchangeOf(journal, owner));
    take(journal);
    const after = interchangeOf(journal, owner);
    const changed = writeInterchange(after) !== before;
    const line = changed
      ? `${validatorName(config.id)} remembers now what ${file} does`
      : `${validatorName(config.id)} knew all of ${file}; nothing was changed`;
    return told(line, after, { file, changed });
  } finally {
    journal.close();
  }
}

/** A refused import leaves no journal where none was: a validator would start with it as if it had never signed anything. */
function rehearse(dataDir: string, take: (journal: Journal) => void): void {
  const folder = mkdtempSync(join(dataDir, 'rehearsal-'));
  try {
    const journal = openJournal(folder);
    try {
      take(journal);
    } finally {
      journal.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function merged(out: string, [one = '', other = '']: readonly string[]): JournalOutcome {
  const both = mergeOf(readFile(one), readFile(other));
  if (!both.ok) throw failureOf(both.refusal);
  write(out, both.value);
  return told(`${one} and ${other} are together in ${out}`, both.value, { file: out });
}

/** Opening the journal reads every row; a file is compared with it and nothing is changed. */
function checked(configFile: string, [file]: readonly string[]): JournalOutcome {
  const loaded = loadConfig(configFile);
  const { genesis, config } = loaded;
  const theirs = file === undefined ? undefined : readFile(file);
  const [mine, held] = inFolder(loaded, (journal) => [
    interchangeOf(journal, ownerIn(genesis, config.id)),
    theirs && asFarAsHeld(journal, theirs),
  ]);
  if (held === undefined) return told(`the journal of ${validatorName(config.id)} is whole`, mine, {});
  const both = mergeOf(mine, held);
  if (!both.ok) throw failureOf(both.refusal);
  const knows = writeInterchange(both.value) === writeInterchange(mine);
  const line = knows
    ? `${validatorName(config.id)} knows all of ${file}`
    : `${validatorName(config.id)} does NOT know all of ${file}: import it before the agent starts`;
  return { ...told(line, mine, { file, knows }), exitCode: knows ? 0 : 1 };
}

function inFolder<T>({ config }: LoadedConfig, work: (journal: Journal) => T): T {
  if (!journalWasMade(config.dataDir)) throw failure(`there is no journal in ${config.dataDir}`);
  const journal = openJournal(config.dataDir);
  try {
    return work(journal);
  } finally {
    journal.close();
  }
}

function readFile(file: string): Interchange {
  return readInterchange(readText(file, 'journal export', INTERCHANGE_BYTES_MAX, 'input.interchange-place'), file);
}

/** A new file for its owner's eyes: which outputs were signed when is nobody else's business. */
function write(file: string, interchange: Interchange): void {
  const text = writeInterchange(interchange);
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    throw failure(`${file} could not be written: ${(error as Error).message}`);
  }
}

function told(
  line: string,
  { remembered, epochs, order, uses, chainFreeze }: Interchange,
  about: JournalOutcome['data'],
): JournalOutcome {
  const { nonces, locks, outflow, keygens, heads, keysets } = remembered;
  const counts = {
    locks: locks.length,
    nonces: nonces.length,
    outflow: outflow.length,
    keygens: keygens.length,
    keys: keysets.length,
    heads: heads.length,
    epochs: epochs.length,
    order: order?.order.number ?? 0,
    uses: uses.length,
    ownFreezes: chainFreeze === undefined ? 0 : 1,
  };
  const words = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return { lines: [line, `  ${words.join(', ')}`], data: { ...about, ...counts }, exitCode: 0 };
}

function read(args: readonly string[]) {
  try {
    const options = {
      config: { type: 'string', default: 'validator.toml' },
      out: { type: 'string' },
      json: { type: 'boolean' },
    } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { config: values.config, out: values.out, files: positionals };
  } catch (error) {
    throw usage(`${(error as Error).message}\n${JOURNAL_USAGE}`);
  }
}

function required(value: string | undefined, flag: string): string {
  if (value === undefined) throw usage(`${flag} is missing\n${JOURNAL_USAGE}`);
  return value;
}

function exactly(files: readonly string[], count: number): readonly string[] {
  if (files.length !== count) throw usage(`name ${count} files instead of ${files.length}\n${JOURNAL_USAGE}`);
  return files;
}

const usage = (message: string): FirebreakFailure => new FirebreakFailure('input.usage', message);
const failure = (message: string) =>
  new FirebreakFailure<CustodyInterchangeFailure>('input.interchange-place', message);
const SILENT: AgentLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
