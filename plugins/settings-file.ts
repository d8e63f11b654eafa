import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { type FailureCode, FirebreakFailure } from '../domain/errors/failure.ts';

/** A whole file that an operator wrote, or `code` with its name, what it should be, and why it cannot be read. */
export function readBounded(file: string, what: string, bytesMax: number, code: FailureCode): Buffer {
  return named(file, what, code, () => bounded(file, bytesMax));
}

/** The same, as UTF-8 and nothing else. */
export function readText(file: string, what: string, bytesMax: number, code: FailureCode): string {
  return named(file, what, code, () => new TextDecoder('utf-8', { fatal: true }).decode(bounded(file, bytesMax)));
}

/** What a text of TOML says; `code` with file, line and column when it is none. */
export function parseToml(text: string, file: string, code: FailureCode): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column, message } = error;
    const what = message.split('\n')[0] ?? 'is not TOML';
    throw new FirebreakFailure(code, `${file}:${line}: column ${column}: ${what}`, { file, line });
  }
}

function bounded(file: string, bytesMax: number): Buffer {
  const bytes = readFileSync(file);
  if (bytes.length > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
  return bytes;
}

function named<T>(file: string, what: string, code: FailureCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FirebreakFailure(code, `cannot read the ${what} ${file}: ${reason}`, { file });
  }
}
