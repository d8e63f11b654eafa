import { runStandingFrom } from '../../domain/incident/heard.ts';
import type { RunStanding } from '../../domain/incident/standing.ts';
import type { AlertHeard } from './messages.ts';

const NAME_MAX = 500;
const TIME_MS_MAX = 8_640_000_000_000_000;

/** What a run says of itself, if it has that shape and comes from the run of this incident or one inside of it. */
export function runMovedFrom(
  said: unknown,
  run: string,
): { readonly standing: RunStanding; readonly ended: boolean } | undefined {
  if (!isObject(said)) return undefined;
  const standing = runStandingFrom(said['standing']);
  if (standing === undefined || (standing.run !== run && !standing.run.startsWith(`${run}/`))) return undefined;
  return { standing, ended: standing.run === run && said['result'] !== undefined };
}

/** What is said of an alert of this incident. */
export function alertHeardFrom(said: unknown): AlertHeard | undefined {
  if (!isObject(said)) return undefined;
  const { name, source, status, atMs, key, summary } = said;
  // A sender may give its alert no name.
  if (!isText(name) || !isName(source) || (status !== 'firing' && status !== 'resolved') || !isTime(atMs))
    return undefined;
  return { name, source, status, atMs, ...(isName(key) ? { key } : {}), ...(isText(summary) ? { summary } : {}) };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= NAME_MAX && value.isWellFormed();
const isName = (value: unknown): value is string => isText(value) && value.length > 0;
const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= TIME_MS_MAX;
