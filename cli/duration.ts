import { FirebreakFailure } from '../domain/errors/failure.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
export const DURATION_SECONDS_MAX = 90 * 86_400;

/** "90s", "30m", "2h", "7d" to seconds; at most 90 days. */
export function readDuration(text: string, flag: string): number {
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(text);
  const seconds = match ? Number(match[1]) * (SECONDS[match[2] ?? ''] ?? Number.NaN) : Number.NaN;
  if (!(seconds <= DURATION_SECONDS_MAX)) {
    throw new FirebreakFailure(
      'input.usage',
      `${flag} ${text}: write a number with s, m, h or d, at most 90d, for example 2h`,
    );
  }
  return seconds;
}

/** Whole numbers from the command line. */
export function readWholeNumber(text: string, flag: string, least: number, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new FirebreakFailure('input.usage', `${flag} ${text}: must be a whole number from ${least} to ${most}`);
  }
  return value;
}

export const utc = (unixSeconds: number): string =>
  `${new Date(unixSeconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** Unix time of this machine, in whole seconds. */
export const nowInSeconds = (): number => Math.floor(Date.now() / 1000);
