import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { inertText } from './text.ts';

export type AlertStatus = 'firing' | 'resolved';
export type AlertLabels = Readonly<Record<string, string>>;

/** What a plug-in reads out of a delivery, before it is bounded: one alert as its sender tells it. */
export type ReportedAlert = {
  readonly status: AlertStatus;
  /** The sender's name for "the same alert": equal for every delivery about it, however often it fires. */
  readonly fingerprint: string;
  /** Unix milliseconds of its first firing: another firing after a resolution has another. */
  readonly startedAtMs: number;
  readonly name: string;
  readonly severity: string;
  /** Absent: the sender does not say. */
  readonly network?: string;
  readonly summary: string;
  readonly labels: AlertLabels;
};

/** A recorded alert: bounded, one line each, safe to show. It is what playbooks read as `alert`. */
export type Alert = {
  /** The configured source that vouches for it. */
  readonly source: string;
  readonly fingerprint: string;
  readonly startedAtMs: number;
  readonly name: string;
  readonly severity: string;
  /** Empty: neither the alert nor its source says which. */
  readonly network: string;
  readonly summary: string;
  readonly labels: AlertLabels;
  /** Labels that were left out, because there were more than `LABELS_MAX`. */
  readonly labelsLeftOut: number;
};

export const LABELS_MAX = 64;
const NAME_CHARACTERS_MAX = 100;
const VALUE_CHARACTERS_MAX = 512;
const SUMMARY_CHARACTERS_MAX = 1_000;
/** Read by every trigger, so these stay when labels are left out. */
const KEPT_LABELS = ['alertname', 'severity', 'network', 'validator', 'validator_id', 'instance', 'job'];

/** `networkOfSource`: the one network that the source speaks for, when there is only one. */
export function alertFrom(source: string, reported: ReportedAlert, networkOfSource: string | undefined): Alert {
  const names = Object.keys(reported.labels).sort(
    (one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1),
  );
  const kept = names
    .slice(0, LABELS_MAX)
    .map((name) => [
      inertText(name, NAME_CHARACTERS_MAX),
      inertText(reported.labels[name] ?? '', VALUE_CHARACTERS_MAX),
    ]);
  return {
    source,
    fingerprint: reported.fingerprint,
    startedAtMs: reported.startedAtMs,
    name: inertText(reported.name, NAME_CHARACTERS_MAX),
    severity: inertText(reported.severity, NAME_CHARACTERS_MAX),
    network: inertText(reported.network ?? networkOfSource ?? '', NAME_CHARACTERS_MAX),
    summary: inertText(reported.summary, SUMMARY_CHARACTERS_MAX),
    labels: Object.fromEntries(kept),
    labelsLeftOut: Math.max(0, names.length - LABELS_MAX),
  };
}

const rankOf = (name: string): number => {
  const at = KEPT_LABELS.indexOf(name);
  return at < 0 ? KEPT_LABELS.length : at;
};

/**
 * What makes a delivery "the same alert": source, fingerprint and first firing. It names the execution that records the alert, so
 * the server that stores executions is what tells repeats apart, and two processes that hear one alert at once make one of it.
 */
export const alertKey = ({
  source,
  fingerprint,
  startedAtMs,
}: Pick<Alert, 'source' | 'fingerprint' | 'startedAtMs'>): Digest =>
  documentDigest(TAGS.alert, { source, fingerprint, startedAtMs });
