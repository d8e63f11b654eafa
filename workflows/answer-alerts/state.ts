import { SEVERITIES } from '../../domain/playbook/plan.ts';
import type { IncidentInput } from '../incident/messages.ts';
import type { Change } from '../lib/track.ts';
import type { Asked } from './messages.ts';

export type AnswerPhase = 'opening' | 'answering' | 'over';

/** The incident that further alerts join. */
export type OpenIncident = {
  readonly id: string;
  /** By source and fingerprint, the first firing of every alert that it has taken in. */
  readonly alerts: Readonly<Record<string, number>>;
};

/** The newest. An older one that fires again after its resolution would join, which is no harm. */
const ALERTS_MAX = 200;

type Fired = Pick<Asked['alert'], 'source' | 'fingerprint' | 'startedAtMs'>;
const nameOf = ({ source, fingerprint }: Fired): string => `${source} ${fingerprint}`;

/** Another alert of the same incident, or this very firing again. One that was resolved and fires again is another incident. */
export function joins({ alerts }: OpenIncident, alert: Fired): boolean {
  const known = alerts[nameOf(alert)];
  return known === undefined || known === alert.startedAtMs;
}

export const withAlert = ({ id, alerts }: OpenIncident, alert: Fired): OpenIncident => ({
  id,
  alerts: Object.fromEntries([...Object.entries(alerts), [nameOf(alert), alert.startedAtMs]].slice(-ALERTS_MAX)),
});

/** By record and its execution, the incident that each was told: the newest. */
export type Told = Readonly<Record<string, string>>;
const TOLD_MAX = 200;

type Asker = Pick<Asked, 'record' | 'execution'>;
const askerOf = ({ record, execution = '' }: Asker): string => `${record} ${execution}`;

/** What a record was told before. One that asks a second time gets the answer of the first, whatever has happened since. */
export const toldBefore = (told: Told, asker: Asker): string | undefined =>
  Object.hasOwn(told, askerOf(asker)) ? told[askerOf(asker)] : undefined;

export const withTold = (told: Told, asker: Asker, incident: string): Told =>
  Object.fromEntries([...Object.entries(told), [askerOf(asker), incident] as const].slice(-TOLD_MAX));

/** What the page says. */
export const standing = (open: OpenIncident | undefined): Change<AnswerPhase> =>
  open === undefined
    ? {
        phase: 'opening',
        awaitingRole: 'nobody',
        next: 'Nobody: an incident is being opened.',
        meanwhile: 'Alerts that ask wait for it.',
        percent: 0,
      }
    : {
        phase: 'answering',
        awaitingRole: 'nobody',
        next: `Nobody here: ${open.id} answers.`,
        meanwhile: `Alerts that ask for the same join it, until its run has ended; ${Object.keys(open.alerts).length} have.`,
        percent: 50,
      };

export const OVER: Change<AnswerPhase> = {
  phase: 'over',
  awaitingRole: 'nobody',
  next: 'Nobody: nothing is open, and the next alert opens an incident.',
  meanwhile: 'Nothing.',
  percent: 100,
};

/** A signal is outside data, whatever its type says. */
export function askedFrom(said: unknown): Asked | undefined {
  if (!isObject(said)) return undefined;
  const { record, execution, alert, incident } = said;
  if (execution !== undefined && !isText(execution)) return undefined;
  if (!isText(record) || !isObject(alert) || !isIncident(incident)) return undefined;
  const { name, source, fingerprint, startedAtMs, summary } = alert;
  // Its sender may have given it no name and no summary.
  if (typeof name !== 'string' || typeof summary !== 'string') return undefined;
  if (!isText(source) || !isText(fingerprint) || !Number.isSafeInteger(startedAtMs)) return undefined;
  return {
    record,
    ...(execution === undefined ? {} : { execution }),
    alert: { name, source, fingerprint, startedAtMs: Number(startedAtMs), summary },
    incident,
  };
}

/** The name of an incident, out of a signal that names one. */
export function incidentNamedIn(said: unknown): string | undefined {
  const name = isObject(said) ? said['incident'] : undefined;
  return isText(name) && name.startsWith('incident/') ? name : undefined;
}

/** As much as opening it reads; what its run is given is judged there. */
function isIncident(value: unknown): value is IncidentInput {
  if (!isObject(value)) return false;
  const { network, key, title, severity, playbook } = value;
  if (!isText(network) || !isText(key) || !isText(title) || !SEVERITIES.some((each) => each === severity)) return false;
  return isObject(playbook) && isText(playbook['name']) && isText(playbook['playbook']);
}

const TEXT_MAX = 2_000;
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX && value.isWellFormed();
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
