import type { AuditEntry } from '../../domain/audit/record.ts';
import { commandsOf } from '../../domain/incident/asks.ts';
import { freezeNoticeMs, wordedLapse } from '../../domain/incident/freeze.ts';
import { asOf, type Standing } from '../../domain/incident/standing.ts';
import { nextWordDueMs } from '../../domain/notification/cadence.ts';
import type { Notified } from '../../activities/notice/notify.ts';
import type { IncidentWords } from '../../domain/notification/words.ts';
import { effects, named } from '../lib/effects.ts';
import { DONE_MAX, doneInTimeline } from './done.ts';
import { happened, type IncidentState, type Pending, tellLater, wordedPhase } from './state.ts';
import type { IncidentInput } from './messages.ts';

const NOTICE_SECONDS = 60;
/** The engine gives a notice up after this, when no worker can send it. */
const NOTICE_GIVEN_UP_MS = 150_000;
/** A SEV1 that too few independent routes confirmed is said again so often before people are asked to tell each other. */
const TRIES_MAX = 2;

export type Teller = {
  readonly input: IncidentInput;
  readonly id: string;
  readonly state: IncidentState;
  readonly standing: () => Standing;
  readonly record: (entry: AuditEntry) => void;
  readonly room: () => Promise<void>;
};

/**
 * Tells one thing over every channel of the installation. The first word opens a conversation, further ones go on in it, the last one ends
 * it. Whether enough independent routes confirmed it stands in the timeline; too few for its severity is said on the page until a later
 * notice is confirmed, and over whatever route is left.
 */
export async function tell(teller: Teller, { number, cause, says }: Pending): Promise<void> {
  const { state, id } = teller;
  const { severity } = state;
  const over = cause === 'closed';
  let already: Notified['receipts'] = {};
  let told: Notified | undefined;
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    await teller.room();
    told = await effects.notify
      .executeWithOptions(
        { ...named(`Tell people: ${cause}`, NOTICE_SECONDS), scheduleToCloseTimeout: NOTICE_GIVEN_UP_MS },
        [
          {
            event: over ? 'resolve' : Object.keys(state.first).length === 0 ? 'send' : 'update',
            subject: id,
            severity,
            words: wordsOf(teller, says),
            first: state.first,
            already,
            key: `${id}/${state.openedAtMs}/${number}`,
            seconds: NOTICE_SECONDS,
          },
        ],
      )
      // A template that is broken, a worker that is gone: the incident goes on and says that nobody was told.
      .catch(() => undefined);
    already = told?.receipts ?? already;
    if (told === undefined || told.unconfirmed === undefined) break;
  }
  for (const [channel, receipt] of Object.entries(already)) state.first[channel] ??= receipt;
  state.toldAtMs = Date.now();
  const routes = [...new Set(Object.values(already).map(({ route }) => route))].sort();
  const silent = told?.silent.map(({ channel, code }) => `${channel} (${code})`) ?? [];
  const failure = told === undefined ? 'no worker could send it' : told.unconfirmed?.message;
  happened(
    state,
    'notice',
    'platform',
    `told (${cause}): ${sentence(says)} Confirmed by ${routes.join(', ') || 'nobody'}${silent.length === 0 ? '' : `; silent: ${silent.join(', ')}`}`,
  );
  teller.record({
    kind: 'notice.sent',
    facts: {
      notice: `${number} ${cause}`,
      confirmed: routes,
      silent: told?.silent.map(({ channel }) => channel) ?? [],
    },
    atMs: Date.now(),
    by: 'platform',
  });
  if (failure === undefined) {
    delete state.unconfirmed;
    return;
  }
  const first = state.unconfirmed === undefined;
  state.unconfirmed = failure;
  // Over the routes that are left; if that is not confirmed either, it stays on the page and is not said for ever.
  if (first && routes.length > 0 && cause !== 'unconfirmed' && !over)
    tellLater(state, 'unconfirmed', `not everybody was reached: ${failure}`);
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

function wordsOf({ id, input, state, standing }: Teller, says: string): IncidentWords {
  const { next, frozenUntilMs, roles, alerts } = asOf(standing(), Date.now());
  return {
    kind: 'incident',
    phase: wordedPhase(state),
    id,
    title: `${input.title}: ${says}`,
    detectedAtMs: state.openedAtMs,
    impact: [
      ...(frozenUntilMs === null || frozenUntilMs <= Date.now()
        ? []
        : [`payouts are frozen until ${new Date(frozenUntilMs).toISOString()}, unless lifted since`]),
      `${alerts.firing} ${alerts.firing === 1 ? 'alert is' : 'alerts are'} firing, ${alerts.resolved} ${alerts.resolved === 1 ? 'is' : 'are'} resolved`,
    ],
    affected: null,
    fundsAtRisk: 'unknown',
    done: [...doneInTimeline(state.timeline.events), ...(state.done ?? [])]
      .sort((one, other) => one.atMs - other.atMs)
      .slice(-DONE_MAX)
      .map(({ text }) => text),
    next: next.map(({ role, what, asks }) => {
      const [command] = asks === undefined ? [] : commandsOf(asks);
      return `${role}: ${what}${command === undefined ? '' : `: ${command}`}`;
    }),
    readersDo: null,
    commander: roles.commander?.name ?? null,
  };
}

/** Unix milliseconds at which something has to be said although nothing happened. */
export function nextDueMs(state: IncidentState): number | undefined {
  if (state.phase === 'over') return undefined;
  const word = state.toldAtMs === undefined ? undefined : nextWordDueMs(state.severity, state.toldAtMs);
  const due = [word, freezeDueMs(state)].filter((at) => at !== undefined);
  return due.length === 0 ? undefined : Math.min(...due);
}

/** Queues what is due: the next word by the rhythm of the severity, and the end of a freeze. */
export function tellWhatIsDue(state: IncidentState): void {
  const nowMs = Date.now();
  const freezeMs = freezeDueMs(state);
  const { untilMs } = state.frozenHeard;
  if (freezeMs !== undefined && freezeMs <= nowMs) {
    state.frozenSaidMs = untilMs;
    const words = wordedLapse(untilMs, state.authority?.committee);
    happened(state, 'waiting', 'platform', words);
    tellLater(state, 'freeze', words);
  }
  const wordMs = state.toldAtMs === undefined ? undefined : nextWordDueMs(state.severity, state.toldAtMs);
  if (wordMs === undefined || wordMs > nowMs || state.pending.length > 0) return;
  const who = state.roles.communications?.name ?? state.roles.commander?.name ?? 'whoever is there';
  tellLater(state, 'reminder', `still open; ${who}: say how it stands (firebreak incident note --say)`);
}

function freezeDueMs({ frozenHeard, frozenSaidMs, runs }: IncidentState): number | undefined {
  const { untilMs, atMs } = frozenHeard;
  const stands = Object.values(runs).some(({ frozenUntilMs }) => frozenUntilMs === untilMs);
  return untilMs === 0 || untilMs <= frozenSaidMs || !stands ? undefined : freezeNoticeMs(untilMs, atMs);
}
