import type { ActivityObserver } from '../activities/dependencies.ts';
import { validatorName } from '../domain/network/network.ts';
import type { createMetrics, workerMetrics } from '../telemetry/metrics.ts';

export type WorkerMetrics = ReturnType<typeof createMetrics<typeof workerMetrics>>;

/** Turns what activities tell into the documented metrics. */
export const observeInto = (metrics: WorkerMetrics): ActivityObserver => ({
  attemptEnded: (activity, outcome, code, seconds) => {
    metrics.add('firebreak_activity_attempts_total', { activity, outcome, code });
    metrics.observe('firebreak_activity_duration_seconds', seconds, { activity });
  },
  takenOver: (activity) => metrics.add('firebreak_activity_takeovers_total', { activity }),
  validatorAnswered: (outcome, code) => metrics.add('firebreak_validator_answers_total', { outcome, code }),
  partialsReceived: (validator, count) =>
    metrics.add('partial_signatures_received', { validator_id: validatorName(validator) }, count),
  signaturesProduced: (count) => metrics.add('final_signatures_produced', {}, count),
});
