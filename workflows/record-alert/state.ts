import type { Match } from '../../domain/alert/match.ts';
import type { Change } from '../lib/track.ts';
import type { Delivered, RecordAlertResult } from './messages.ts';

/** `recorded`: nothing has fired yet as far as was heard. */
export type RecordPhase = 'recorded' | 'answered' | 'unanswered' | 'resolved';

/** What was heard about one alert. Times are Unix milliseconds of whoever heard it. */
export type AlertRecord = {
  /** Deliveries that said firing, and that said resolved. */
  readonly fired: number;
  readonly resolved: number;
  readonly firstHeardAtMs: number;
  readonly lastHeardAtMs: number;
  /** The incident that answers it; absent while there is none. */
  readonly incident?: string;
};

export const NOTHING_HEARD: AlertRecord = { fired: 0, resolved: 0, firstHeardAtMs: 0, lastHeardAtMs: 0 };

const TIME_MS_MAX = 8_640_000_000_000_000;

/** A signal is outside data, whatever its type says. Undefined: it says nothing that could be counted. */
export function deliveredFrom(said: unknown): Delivered | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const { status, atMs } = said as Readonly<Record<string, unknown>>;
  const isTime = Number.isSafeInteger(atMs) && Number(atMs) >= 0 && Number(atMs) <= TIME_MS_MAX;
  return isTime && (status === 'firing' || status === 'resolved') ? { status, atMs: Number(atMs) } : undefined;
}

/** Deliveries may come in any order and any number of times; counting them is the same in every order. */
export function heard(record: AlertRecord, { status, atMs }: Delivered): AlertRecord {
  const first = record.fired + record.resolved === 0;
  return {
    ...record,
    fired: record.fired + (status === 'firing' ? 1 : 0),
    resolved: record.resolved + (status === 'resolved' ? 1 : 0),
    firstHeardAtMs: first ? atMs : Math.min(record.firstHeardAtMs, atMs),
    lastHeardAtMs: first ? atMs : Math.max(record.lastHeardAtMs, atMs),
  };
}

/** A firing is answered whenever it is heard, also after the resolution that overtook it: it may have been the only one. */
export const mustOpen = ({ fired, incident }: AlertRecord): boolean => fired > 0 && incident === undefined;

/** How long a resolution waits for the firing that it overtook. */
export const LATE_FIRING_MS = 15 * 60_000;
/** An alert of which nothing was heard for so long is over, whether or not anybody says so. */
export const SILENCE_MS = 30 * 86_400_000;

/** How much longer the record waits for the next delivery; zero: it is over. */
export function waitMs({ fired, resolved, lastHeardAtMs }: AlertRecord, nowMs: number): number {
  if (fired + resolved === 0) return SILENCE_MS;
  if (resolved > 0 && fired > 0) return 0;
  return Math.max(0, lastHeardAtMs + (resolved > 0 ? LATE_FIRING_MS : SILENCE_MS) - nowMs);
}

/** What the page of the record says. */
export function standing(record: AlertRecord, { chosen, losing }: Match): Change<RecordPhase> {
  const { fired, resolved, incident } = record;
  const counted = `Heard ${fired} times as firing and ${resolved} times as resolved.`;
  if (fired === 0)
    return {
      phase: 'recorded',
      awaitingRole: 'nobody',
      next: 'Nobody: a resolution came before its firing, which is waited for.',
      meanwhile: counted,
      percent: 0,
    };
  if (chosen === undefined)
    return {
      phase: 'unanswered',
      awaitingRole: 'operator',
      next: `Operator: no playbook answers this alert (${losing.length} were considered); see \`firebreak alert show\`.`,
      meanwhile: `Nothing is done. ${counted}`,
      percent: 50,
    };
  return {
    phase: 'answered',
    awaitingRole: 'nobody',
    next: `Nobody here: ${incident ?? 'the incident'} runs playbook ${chosen.playbook}.`,
    meanwhile: `The record waits for the resolution. ${counted}`,
    percent: 50,
  };
}

export const outcomeOf = ({ fired, resolved }: AlertRecord): RecordAlertResult['outcome'] =>
  resolved === 0 ? 'fell-silent' : fired === 0 ? 'never-fired' : 'resolved';

const ENDINGS: Readonly<Record<RecordAlertResult['outcome'], string>> = {
  resolved: 'its sender says that the alert is resolved; the incident goes on by itself',
  'never-fired': 'a resolution was heard and no firing; nothing was opened',
  'fell-silent': 'nothing more was heard of the alert for thirty days',
};

export const over = (record: AlertRecord): Change<RecordPhase> => ({
  phase: 'resolved',
  awaitingRole: 'nobody',
  next: `Nobody: ${ENDINGS[outcomeOf(record)]}.`,
  meanwhile: 'Repeats of this alert open nothing any more.',
  percent: 100,
});
