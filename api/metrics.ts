import { createMetrics, type MetricDefinitions, type Metrics } from '../telemetry/metrics.ts';

export const apiMetrics = {
  firebreak_api_deliveries_total: {
    kind: 'counter',
    help: 'Deliveries by source and how they were answered; code is the failure code, or none.',
    labels: ['source', 'status', 'code'],
  },
  firebreak_api_delivery_duration_seconds: {
    kind: 'histogram',
    help: 'From the whole body to the answer.',
    labels: ['source'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  firebreak_alerts_total: {
    kind: 'counter',
    help: 'Alerts in recorded deliveries, repeats included: answered by a playbook, unanswered, resolved, or over.',
    labels: ['source', 'outcome'],
  },
  firebreak_alerts_left_out_total: {
    kind: 'counter',
    help: 'Alerts that senders said they left out of a delivery.',
    labels: ['source'],
  },
  firebreak_api_heartbeat_timestamp_seconds: {
    kind: 'gauge',
    help: 'Unix seconds at which the always-firing alert of a source came last.',
    labels: ['source'],
  },
  firebreak_api_playbooks: { kind: 'gauge', help: 'Playbooks that alerts can start.', labels: [] },
  firebreak_api_playbook_unfit: {
    kind: 'gauge',
    help: '1 for a playbook of the folder that could not be loaded and was left out.',
    labels: ['playbook'],
  },
  firebreak_api_playbook_rotted: {
    kind: 'gauge',
    help: '1 for a playbook that alerts can start and that the next start would leave out; "all" for a catalogue or folder that cannot be read.',
    labels: ['playbook'],
  },
  firebreak_api_playbook_committee_epoch: {
    kind: 'gauge',
    help: 'Epoch of the committee that signed a playbook that alerts can start; none where nobody signed. When validators obey another one, the playbook starts in vain.',
    labels: ['playbook'],
  },
  firebreak_api_ready: { kind: 'gauge', help: '1 when Temporal answered the last question.', labels: [] },
} as const satisfies MetricDefinitions;

export type ApiMetrics = Metrics<keyof typeof apiMetrics>;
export const createApiMetrics = (): ApiMetrics => createMetrics(apiMetrics);
