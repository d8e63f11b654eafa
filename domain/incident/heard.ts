import type { Awaited, RunStanding } from './standing.ts';

const NAME_MAX = 500;
const WORDS_MAX = 1_000;
const ITEMS_MAX = 20;
/** The last moment that a `Date` can say. */
const TIME_MS_MAX = 8_640_000_000_000_000;

/** What a run says of itself, with exactly the fields that it may have. Undefined: it is of another shape. */
export function runStandingFrom(said: unknown): RunStanding | undefined {
  if (!isObject(said)) return undefined;
  const { run, playbook, phase, running, awaited, isAnswered, refusal, frozenUntilMs } = said;
  if (!isText(run, NAME_MAX) || !isText(playbook, NAME_MAX) || !isText(phase, NAME_MAX)) return undefined;
  if (refusal !== undefined && !isText(refusal, WORDS_MAX)) return undefined;
  if (frozenUntilMs !== undefined && !isTime(frozenUntilMs)) return undefined;
  const steps = listFrom(running, ({ step, sinceMs }) =>
    isText(step, NAME_MAX) && isTime(sinceMs) ? { step, sinceMs } : undefined,
  );
  const people = listFrom(awaited, awaitedFrom);
  if (steps === undefined || people === undefined) return undefined;
  return {
    run,
    playbook,
    phase,
    running: steps,
    awaited: people,
    ...(isAnswered === true ? { isAnswered } : {}),
    ...(refusal === undefined ? {} : { refusal }),
    ...(frozenUntilMs === undefined ? {} : { frozenUntilMs }),
  };
}

function awaitedFrom({ step, role, what, untilMs, escalated, kind }: Fields): Awaited | undefined {
  if (!isText(step, NAME_MAX) || !isText(role, NAME_MAX) || !isText(what, WORDS_MAX) || !isTime(untilMs))
    return undefined;
  return {
    step,
    role,
    what,
    untilMs,
    ...(escalated === true ? { escalated } : {}),
    ...(kind === 'vote' || kind === 'form' || kind === 'order' ? { kind } : {}),
  };
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= most && value.isWellFormed();
const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= TIME_MS_MAX;

/** All of them or nothing. */
function listFrom<T>(value: unknown, read: (one: Fields) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value) || value.length > ITEMS_MAX) return undefined;
  const found: T[] = [];
  for (const each of value as readonly unknown[]) {
    const one = isObject(each) ? read(each) : undefined;
    if (one === undefined) return undefined;
    found.push(one);
  }
  return found;
}
