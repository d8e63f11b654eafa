import type { Phase } from './notice.ts';

/**
 * What templates fill in. Whoever wrote the words, a template makes one line of each, and a missing one is an error and no gap;
 * `null` says that there is none. Lists hold at most `LINES_MAX` entries.
 */
export type NoticeWords = IncidentWords | CallWords | PageWords;
export const LINES_MAX = 20;

/** The state of an incident, for everybody who is concerned (custody specification, 13.3: the form for SEV-1). */
export type IncidentWords = {
  readonly kind: 'incident';
  readonly phase: Phase;
  readonly id: string;
  readonly title: string;
  /** Unix milliseconds. */
  readonly detectedAtMs: number;
  readonly impact: readonly string[];
  /** How many users, loans or validators; null: not known, or does not fit. */
  readonly affected: string | null;
  readonly fundsAtRisk: 'yes' | 'no' | 'unknown';
  readonly done: readonly string[];
  readonly next: readonly string[];
  readonly readersDo: string | null;
  readonly commander: string | null;
};

/** Something that its readers have to do, by a time (Ecliptica specification, 7.2). Its severity decides how urgent it sounds. */
export type CallWords = {
  readonly kind: 'call';
  readonly title: string;
  readonly description: string;
  readonly actions: readonly string[];
  /** Unix milliseconds. */
  readonly deadlineMs: number | null;
  readonly reading: string | null;
  readonly patch: string | null;
};

/** One sentence of a playbook. */
export type PageWords = { readonly kind: 'page'; readonly text: string };
