import { createMetrics, type MetricDefinitions, type Metrics } from '../telemetry/metrics.ts';

export const watchdogMetrics = {
  firebreak_watchdog_looks_total: {
    kind: 'counter',
    help: 'Looks at what has to be there, by what was looked at (temporal, api, workers, heartbeat) and what was found.',
    labels: ['what', 'found'],
  },
  firebreak_watchdog_lost: {
    kind: 'gauge',
    help: 'How many count as lost now, by what they are: temporal, api, workers of a task queue, heartbeat of a source.',
    labels: ['what'],
  },
  firebreak_watchdog_pages_open: { kind: 'gauge', help: 'Pages that people were not yet told are over.', labels: [] },
  firebreak_watchdog_incidents_open: { kind: 'gauge', help: 'Open incidents that the watchdog remembers.', labels: [] },
  firebreak_watchdog_look_timestamp_seconds: {
    kind: 'gauge',
    help: 'Unix seconds at which the last round of looks ended.',
    labels: [],
  },
} as const satisfies MetricDefinitions;

export type WatchdogMetrics = Metrics<keyof typeof watchdogMetrics>;
export const createWatchdogMetrics = (): WatchdogMetrics => createMetrics(watchdogMetrics);
