import { type DestinationStream, pino } from 'pino';
import { redact } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** The part of pino that this code base uses: fields first, then a sentence. */
export type Logger = Record<LogLevel, (fields: Record<string, unknown>, message: string) => void>;

export type LogOptions = {
  /** Which process: `worker`, `validator-007`. */
  readonly name: string;
  readonly level?: LogLevel;
  /** Standard output when absent. */
  readonly destination?: DestinationStream;
};

/** One JSON object per line, with what looks like a secret hidden wherever it stands. */
export function createLogger({ name, level = 'info', destination }: LogOptions): Logger {
  const options = {
    name,
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // Errors are copied by `redact` like everything else; pino's own serializer would run after it and find nothing to do.
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: object) => redact(fields) as Record<string, unknown>,
    },
    serializers: { err: (value: unknown) => value },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
