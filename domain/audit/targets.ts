import type { Severity } from '../playbook/plan.ts';
import type { Replayed } from './replay.ts';

export type Measure = 'detect' | 'contain' | 'recover';

/** One time of an incident: from which moment to which, how long it took, and how long it may take. */
export type Timed = {
  readonly measure: Measure;
  readonly clock: string;
  /** Undefined: it has not happened, or nobody said when it began. */
  readonly tookMs: number | undefined;
  /** Undefined: nothing is promised for this kind of incident. */
  readonly targetMs: number | undefined;
  readonly source: string;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Response by priority (operations, alerting rules: P0 pages at once, P1 within an hour, P2 within four). SEV1 to SEV3 are its priorities 0 to 2. */
const DETECT_MS: Readonly<Partial<Record<Severity, number>>> = {
  SEV1: 5 * MINUTE_MS,
  SEV2: HOUR_MS,
  SEV3: 4 * HOUR_MS,
};

/** What a kind of incident may take until it is contained and until it is over, by the playbook that answers it. */
const KINDS: Readonly<
  Record<string, { readonly contain?: number; readonly recover: number; readonly source: string }>
> = {
  'suspected-share-theft': {
    contain: HOUR_MS,
    recover: 12 * HOUR_MS,
    source: 'key compromise: contained within 1 h, finished within 12 h',
  },
  'validator-offline': { recover: HOUR_MS, source: 'single validator: back within 1 h' },
  'identity-seen-twice': {
    contain: HOUR_MS,
    recover: 12 * HOUR_MS,
    source: 'treated as key compromise until it is shown to be a configuration',
  },
};

const took = (fromMs: number, toMs: number): number | undefined =>
  fromMs === 0 || toMs === 0 ? undefined : Math.max(0, toMs - fromMs);

/** The three times of an incident beside what they may be. */
export function timesOf({ at, runs, severity }: Replayed): readonly Timed[] {
  const first = Object.values(runs).find(({ within }) => within === '');
  const kind = first === undefined || !Object.hasOwn(KINDS, first.name) ? undefined : KINDS[first.name];
  return [
    {
      measure: 'detect',
      clock: 'from the beginning that the first alert names to the open incident',
      tookMs: took(at.begunMs, at.detectedMs),
      targetMs: severity === '' ? undefined : DETECT_MS[severity],
      source: 'response by severity: 5 min, 1 h, 4 h',
    },
    {
      measure: 'contain',
      clock: 'from the open incident to the first freeze that enough validators obey',
      tookMs: took(at.detectedMs, at.containedMs),
      targetMs: kind?.contain,
      source: kind?.source ?? 'none for this playbook',
    },
    {
      measure: 'recover',
      clock: 'from the open incident to the end of its playbook',
      tookMs: took(at.detectedMs, at.recoveredMs),
      targetMs: kind?.recover,
      source: kind?.source ?? 'none for this playbook',
    },
  ];
}
