import { inertText } from '../alert/text.ts';
import { nextWordDueMs } from '../notification/cadence.ts';
import { ROLES, type Role, SEVERITIES, type Severity } from '../playbook/plan.ts';
import { ASK_KINDS, type Asks, commandsOf } from './asks.ts';
import type { Timeline } from './timeline.ts';

/** `responding`: a run answers it. `failed`: the run ended without success and people decide. */
export const INCIDENT_PHASES = ['responding', 'failed', 'over'] as const;
export type IncidentPhase = (typeof INCIDENT_PHASES)[number];

export type Holder = { readonly name: string; readonly sinceMs: number; readonly by: string };
export type Roles = Readonly<Partial<Record<Role, Holder>>>;

export type LinkedAlert = {
  readonly name: string;
  readonly source: string;
  /** Tells alerts of one name and source apart; absent in incidents from before. */
  readonly key?: string;
  readonly status: 'firing' | 'resolved';
  /** Unix milliseconds of the last thing that was heard of it. */
  readonly atMs: number;
};

/** What a run says to its incident each time that it moves on. */
export type RunStanding = {
  /** Its workflow. */
  readonly run: string;
  readonly playbook: string;
  readonly phase: string;
  readonly running: readonly { readonly step: string; readonly sinceMs: number }[];
  readonly awaited: readonly Awaited[];
  /** Somebody has answered a form of it; runs of older builds do not say. */
  readonly isAnswered?: boolean;
  /** Why it does not go on. */
  readonly refusal?: string;
  /** Unix milliseconds at which the newest freeze that it handed out ends. */
  readonly frozenUntilMs?: number;
};
export type Awaited = {
  readonly step: string;
  readonly role: string;
  readonly what: string;
  /** Unix milliseconds. */
  readonly untilMs: number;
  /** Silence was escalated. */
  readonly escalated?: boolean;
  /** Absent in what runs of older builds say. */
  readonly kind?: 'vote' | 'form' | 'order';
};

/** All from which the answer is made. */
export type IncidentFacts = {
  readonly id: string;
  readonly title: string;
  readonly playbook: string;
  readonly severity: Severity;
  readonly phase: IncidentPhase;
  readonly openedAtMs: number;
  readonly roles: Roles;
  readonly alerts: readonly LinkedAlert[];
  readonly runs: readonly RunStanding[];
  readonly timeline: Timeline;
  /** When people were told last. */
  readonly toldAtMs: number | undefined;
  /** Why the last notice did not reach enough people. */
  readonly unconfirmed: string | undefined;
};

/**
 * What everybody has to be able to read at any moment, also when no worker is left: it stands in the memo of the execution. Everything
 * that shows an incident (Temporal's UI, the command line, the api) shows this and words it with `linesOf`.
 */
export type Standing = {
  readonly version: 1;
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly phase: IncidentPhase;
  readonly playbook: string;
  readonly openedAtMs: number;
  readonly roles: Roles;
  /** Newest last. */
  readonly happened: readonly { readonly atMs: number; readonly by: string; readonly text: string }[];
  readonly running: readonly { readonly run: string; readonly step: string; readonly sinceMs: number }[];
  /** Who must act next, the most urgent first; empty: nobody. */
  readonly next: readonly {
    readonly role: string;
    readonly what: string;
    readonly untilMs: number | null;
    readonly asks?: Asks;
  }[];
  readonly alerts: { readonly firing: number; readonly resolved: number };
  readonly frozenUntilMs: number | null;
  readonly nextWordDueMs: number | null;
};

const LINES_MAX = 6;
const LINE_CHARACTERS_MAX = 240;

export function standingOf(facts: IncidentFacts): Standing {
  const { id, title, severity, phase, playbook, openedAtMs, roles, alerts, runs, timeline, toldAtMs } = facts;
  const firing = alerts.filter(({ status }) => status === 'firing').length;
  const frozenUntilMs = frozenUntil(runs);
  const due = toldAtMs === undefined || phase === 'over' ? undefined : nextWordDueMs(severity, toldAtMs);
  return {
    version: 1,
    id,
    title: inertText(title, 200),
    severity,
    phase,
    playbook,
    openedAtMs,
    roles,
    happened: timeline.events
      .slice(-LINES_MAX)
      .map(({ atMs, by, text }) => ({ atMs, by, text: inertText(text, LINE_CHARACTERS_MAX) })),
    running: runs.flatMap(({ run, running }) => running.map((step) => ({ run, ...step }))).slice(0, LINES_MAX),
    next: phase === 'over' ? [] : nextOf(facts),
    alerts: { firing, resolved: alerts.length - firing },
    frozenUntilMs: frozenUntilMs === 0 || phase === 'over' ? null : frozenUntilMs,
    nextWordDueMs: due ?? null,
  };
}

/** Unix milliseconds; 0: no run knows of a freeze. */
const frozenUntil = (runs: readonly RunStanding[]): number => Math.max(0, ...runs.map((run) => run.frozenUntilMs ?? 0));

function nextOf({ id, phase, runs, roles, unconfirmed }: IncidentFacts): Standing['next'] {
  const asked = runs.flatMap(({ run, awaited }) =>
    awaited.map(({ step, role, what, untilMs, kind }) => ({
      role,
      untilMs,
      what: `${what} (step ${step} of ${run})`,
      ...(kind === undefined ? {} : { asks: { kind, of: run, step } }),
    })),
  );
  const halted = runs
    .filter((run) => run.phase === 'halted')
    .map(({ run, refusal }) => ({
      role: 'commander',
      what: `${run} has halted: resume, undo or close it. ${refusal ?? ''}`.trim(),
      untilMs: null,
      asks: { kind: 'halted', of: run } as const,
    }));
  const failed =
    phase === 'failed'
      ? [{ role: 'commander', what: failedWords(runs), untilMs: null, asks: { kind: 'failed', of: id } as const }]
      : [];
  // No step takes a freeze back by itself: it asks the committee for a lift, and the run may end before there is one.
  const frozenUntilMs = frozenUntil(runs);
  const frozen =
    phase === 'failed' && frozenUntilMs > 0
      ? [
          {
            role: 'committee',
            what: 'payouts stay frozen, unless lifted since: sign a lift and send it, renew the freeze, or let it end',
            untilMs: frozenUntilMs,
            asks: { kind: 'frozen', of: id } as const,
          },
        ]
      : [];
  const untold =
    unconfirmed === undefined
      ? []
      : [
          {
            role: roles.communications === undefined ? 'commander' : 'communications',
            what: `tell people in another way: ${unconfirmed}`,
            untilMs: null,
          },
        ];
  const all: Standing['next'] = [
    ...asked.sort((one, other) => one.untilMs - other.untilMs),
    ...halted,
    ...failed,
    ...frozen,
    ...untold,
  ];
  return all.slice(0, LINES_MAX).map((one) => ({ ...one, what: inertText(one.what, LINE_CHARACTERS_MAX) }));
}

const failedWords = (runs: readonly RunStanding[]): string => {
  const why = runs.find(({ refusal }) => refusal !== undefined)?.refusal;
  return `the playbook has ended without success${why === undefined ? '' : `, ${why}`}; act by hand, or close the incident`;
};

const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** An incident hears of no end of a freeze: whoever reads what it wrote has a clock, and asks nobody about one that has ended by itself. */
export const asOf = (standing: Standing, nowMs: number): Standing => ({
  ...standing,
  next: standing.next.filter(({ asks, untilMs }) => asks?.kind !== 'frozen' || untilMs === null || untilMs > nowMs),
});

const wordedFreeze = (untilMs: number, nowMs: number): string =>
  untilMs > nowMs
    ? `payouts, until ${utc(untilMs)}, unless lifted since`
    : `payouts were frozen until ${utc(untilMs)}, unless lifted before`;

/** The answer in words, for every reader the same: what happened, what runs now, who must act next, by when. */
export function linesOf(standing: Standing, nowMs: number): readonly string[] {
  const { id, title, severity, phase, playbook, openedAtMs, roles, happened, running, alerts } = standing;
  const { next } = asOf(standing, nowMs);
  const held = ROLES.flatMap((role) => {
    const holder = roles[role];
    return holder === undefined ? [] : [`${role} ${holder.name} (since ${utc(holder.sinceMs)})`];
  });
  return [
    `${severity} ${phase.toUpperCase()}  ${title}`,
    `  incident   ${id}`,
    `  opened     ${utc(openedAtMs)}, playbook ${playbook}`,
    `  roles      ${held.join(', ') || 'nobody has taken one'}`,
    `  alerts     ${alerts.firing} firing, ${alerts.resolved} resolved`,
    ...(standing.frozenUntilMs === null ? [] : [`  frozen     ${wordedFreeze(standing.frozenUntilMs, nowMs)}`]),
    ...(next.length === 0 ? [`  NEXT       nobody`] : []),
    ...next.flatMap(({ role, what, untilMs, asks }) => [
      `  NEXT       ${role}: ${what}${untilMs === null ? '' : `, by ${utc(untilMs)}`}`,
      ...(asks === undefined ? [] : commandsOf(asks)).map((command) => `             ${command}`),
    ]),
    ...running.map(({ step, sinceMs, run }) => `  now        ${step} since ${utc(sinceMs)} (${run})`),
    ...(standing.nextWordDueMs === null ? [] : [`  next word  due by ${utc(standing.nextWordDueMs)}`]),
    ...happened.map(({ atMs, by, text }) => `  ${utc(atMs)}  ${by}: ${text}`),
  ];
}

/** Reads what stands in a memo back, as of now: it is ours, but the engine's database is not ours alone. Undefined: it is no standing. */
export function standingFrom(memo: unknown, nowMs: number): Standing | undefined {
  if (!isRecord(memo) || memo['version'] !== 1) return undefined;
  const { id, title, severity, phase, playbook, openedAtMs, alerts } = memo;
  if (!isText(id) || !isText(title) || !isText(playbook) || typeof openedAtMs !== 'number') return undefined;
  if (!isOneOf(SEVERITIES, severity) || !isOneOf(INCIDENT_PHASES, phase)) return undefined;
  const standing: Standing = {
    version: 1,
    id: inertText(id, 300),
    title: inertText(title, 200),
    severity,
    phase,
    playbook: inertText(playbook, 100),
    openedAtMs,
    roles: rolesFrom(memo['roles']),
    happened: listFrom(memo['happened'], (one) => ({
      atMs: numberIn(one['atMs']) ?? 0,
      by: textIn(one['by']),
      text: textIn(one['text']),
    })),
    running: listFrom(memo['running'], (one) => ({
      run: textIn(one['run']),
      step: textIn(one['step']),
      sinceMs: numberIn(one['sinceMs']) ?? 0,
    })),
    next: listFrom(memo['next'], (one) => ({
      role: textIn(one['role']),
      what: textIn(one['what']),
      untilMs: numberIn(one['untilMs']),
      ...asksFrom(one['asks']),
    })),
    alerts: isRecord(alerts)
      ? { firing: numberIn(alerts['firing']) ?? 0, resolved: numberIn(alerts['resolved']) ?? 0 }
      : { firing: 0, resolved: 0 },
    frozenUntilMs: numberIn(memo['frozenUntilMs']),
    nextWordDueMs: numberIn(memo['nextWordDueMs']),
  };
  return asOf(standing, nowMs);
}

function asksFrom(value: unknown): { readonly asks?: Asks } {
  if (!isRecord(value) || !isOneOf(ASK_KINDS, value['kind']) || !isText(value['of'])) return {};
  const { kind, of, step } = value;
  return { asks: { kind, of, ...(isText(step) ? { step } : {}) } };
}

type Fields = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isOneOf = <T extends string>(words: readonly T[], value: unknown): value is T =>
  words.some((word) => word === value);
const textIn = (value: unknown): string => (isText(value) ? inertText(value, LINE_CHARACTERS_MAX) : '');
/** A time that a `Date` can say. */
const numberIn = (value: unknown): number | null =>
  typeof value === 'number' && Math.abs(value) <= 8_640_000_000_000_000 ? value : null;
const listFrom = <T>(value: unknown, read: (one: Fields) => T): readonly T[] =>
  Array.isArray(value) ? value.filter(isRecord).slice(-LINES_MAX).map(read) : [];

function rolesFrom(value: unknown): Roles {
  if (!isRecord(value)) return {};
  const held = ROLES.flatMap((role) => {
    const holder = value[role];
    if (!isRecord(holder)) return [];
    return [
      [
        role,
        { name: textIn(holder['name']), by: textIn(holder['by']), sinceMs: numberIn(holder['sinceMs']) ?? 0 },
      ] as const,
    ];
  });
  return Object.fromEntries(held);
}
