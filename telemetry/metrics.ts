import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a metric means, as data: the registry and the generated reference page are made from the same rows. */
export type MetricDefinition = {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Few and bounded: codes, phases and names of validators; never ids, digests or amounts. */
  readonly labels: readonly string[];
  /** Histograms only. */
  readonly buckets?: readonly number[];
};
export type MetricDefinitions = Readonly<Record<string, MetricDefinition>>;

const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** The coordinator's own metrics; units are the last word of a name. */
export const workerMetrics = {
  firebreak_activity_attempts_total: {
    kind: 'counter',
    help: 'Attempts of activities by how they ended; code is the failure code, or none.',
    labels: ['activity', 'outcome', 'code'],
  },
  firebreak_activity_duration_seconds: {
    kind: 'histogram',
    help: 'How long one attempt of an activity took.',
    labels: ['activity'],
    buckets: SECONDS,
  },
  firebreak_activity_takeovers_total: {
    kind: 'counter',
    help: 'Attempts after the first: another worker, or this one again, took an activity over.',
    labels: ['activity'],
  },
  firebreak_validator_answers_total: {
    kind: 'counter',
    help: 'What validators answered when asked; silent means no answer by the deadline.',
    labels: ['outcome', 'code'],
  },
  partial_signatures_received: {
    kind: 'counter',
    help: 'Partial signatures that this worker was given since start, one for each input; named by 002 §12.4.4.',
    labels: ['validator_id'],
  },
  final_signatures_produced: {
    kind: 'counter',
    help: 'Whole signatures that this worker added up and verified since start, one for each input; named by 002 §12.4.4.',
    labels: [],
  },
  firebreak_messages_refused_total: {
    kind: 'counter',
    help: 'Votes, orders, answers and decisions that a run refused before they became an event; code is the failure code.',
    labels: ['message', 'code'],
  },
  firebreak_validators_connected: {
    kind: 'gauge',
    help: 'Validators that this worker is connected to right now.',
    labels: [],
  },
  firebreak_chain_tip_height: {
    kind: 'gauge',
    help: 'Height of the tip in the own chain view of this worker.',
    labels: [],
  },
  firebreak_chain_synced: {
    kind: 'gauge',
    help: '1 when the own chain view has walked to the tip of its node.',
    labels: [],
  },
  firebreak_worker_ready: { kind: 'gauge', help: '1 while this worker polls for work.', labels: [] },
} as const satisfies MetricDefinitions;

/** Values of the labels of one metric, by name. */
export type Labels = Readonly<Record<string, string>>;

export type Metrics<Name extends string> = {
  add(name: Name, labels?: Labels, amount?: number): void;
  set(name: Name, value: number, labels?: Labels): void;
  observe(name: Name, value: number, labels?: Labels): void;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
};

/** A registry of exactly these definitions; a name of the wrong kind is a bug and throws. */
export function createMetrics<const Definitions extends MetricDefinitions>(
  definitions: Definitions,
): Metrics<Extract<keyof Definitions, string>> {
  const registry = new Registry();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, { kind, help, labels, buckets }] of Object.entries(definitions)) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (kind === 'counter') counters.set(name, new Counter(options));
    else if (kind === 'gauge') gauges.set(name, new Gauge(options));
    else histograms.set(name, new Histogram({ ...options, buckets: [...(buckets ?? SECONDS)] }));
  }
  const of = <Metric>(metrics: ReadonlyMap<string, Metric>, name: string): Metric => {
    const metric = metrics.get(name);
    if (metric === undefined) throw new TypeError(`${name} is not a metric of this kind`);
    return metric;
  };
  return {
    add: (name, labels = {}, amount = 1) => of(counters, name).inc({ ...labels }, amount),
    set: (name, value, labels = {}) => of(gauges, name).set({ ...labels }, value),
    observe: (name, value, labels = {}) => of(histograms, name).observe({ ...labels }, value),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
