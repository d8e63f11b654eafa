import {
  alertmanagerBody,
  asAlertmanager,
  asPagerduty,
  asScript,
  type SentAlert,
} from '../../../api/testkit/delivering.ts';
import { recordAlertId } from '../../../workflows/record-alert/messages.ts';

export const STARTED = '2026-11-24T20:00:00Z';
export const LATER = '2026-11-24T21:00:00Z';
/** Whom those alerts are about that ask for an answer: as many incidents. */
export const VALIDATORS = 5;

type Send = (url: string, alerts: readonly [SentAlert, ...SentAlert[]]) => Promise<Response>;
/** By the name of its source: how many alerts one delivery carries, and how it is sent. */
const FORMS: Readonly<Record<string, { readonly most: number; readonly send: Send }>> = {
  prometheus: { most: 10, send: (url, alerts) => asAlertmanager(url, alertmanagerBody(alerts)) },
  // It tells of one incident at a time.
  pagerduty: { most: 1, send: (url, [alert]) => asPagerduty(url, alert) },
  scripts: { most: 10, send: (url, alerts) => asScript(url, alerts) },
};

export type StormAlert = {
  readonly source: string;
  readonly id: string;
  /** Absent: no playbook answers it. */
  readonly validator: number | undefined;
  /** How often it is delivered as firing. */
  readonly times: number;
  readonly isResolved: boolean;
};

/** So many of every form; every twentieth asks for an answer, every eighth is resolved. */
export const stormAlerts = (ofEachForm: number): readonly StormAlert[] =>
  Object.keys(FORMS).flatMap((source) =>
    Array.from({ length: ofEachForm }, (_unused, at) => ({
      source,
      id: `storm-${at}`,
      validator: at % 20 === 0 ? ((at / 20) % VALIDATORS) + 1 : undefined,
      times: 1 + ((at * 7) % 5),
      isResolved: at % 8 === 0,
    })),
  );

export const recordOf = ({ source, id }: StormAlert, startedAt: string): string =>
  recordAlertId({ source, fingerprint: id, startedAtMs: Date.parse(startedAt) });

export type Delivery = (url: string) => Promise<Response>;

/** Every alert once, as many in one delivery as its form carries; the forms in turn. */
export function deliveriesOf(
  alerts: readonly StormAlert[],
  status: NonNullable<SentAlert['status']>,
  startedAt: string,
): readonly Delivery[] {
  const placed = Object.entries(FORMS).flatMap(([source, { most, send }]) => {
    const sent = alerts
      .filter((alert) => alert.source === source)
      .map(({ id, validator }): SentAlert => {
        const about = validator === undefined ? { name: 'Strange' } : { labels: { validator: String(validator) } };
        return { id, status, startedAt, ...about };
      });
    const parts = Math.ceil(sent.length / most);
    return Array.from({ length: parts }, (_unused, part) => {
      const [first, ...others] = sent.slice(part * most, (part + 1) * most);
      if (first === undefined) throw new Error('a part is empty');
      return { at: part / parts, deliver: (url: string) => send(url, [first, ...others]) };
    });
  });
  return placed.sort((one, other) => one.at - other.at).map(({ deliver }) => deliver);
}

/** Each alert as often as it is delivered, the repeats of all after the firsts of all. */
export const firingsOf = (alerts: readonly StormAlert[]): readonly Delivery[] =>
  Array.from({ length: Math.max(...alerts.map(({ times }) => times)) }, (_unused, round) =>
    deliveriesOf(
      alerts.filter(({ times }) => times > round),
      'firing',
      STARTED,
    ),
  ).flat();
