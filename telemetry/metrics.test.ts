import { expect, test } from '@jest/globals';
import { createMetrics, workerMetrics } from './metrics.ts';

test('what is counted appears under its documented name with its help', async () => {
  const metrics = createMetrics(workerMetrics);
  metrics.add('firebreak_validator_answers_total', { outcome: 'silent', code: 'unavailable.silent' });
  metrics.observe('firebreak_activity_duration_seconds', 0.2, { activity: 'askPartials' });
  metrics.set('firebreak_worker_ready', 1);
  const text = await metrics.text();
  expect(text).toContain('firebreak_validator_answers_total{outcome="silent",code="unavailable.silent"} 1');
  expect(text).toContain('firebreak_activity_duration_seconds_bucket{le="0.25",activity="askPartials"} 1');
  expect(text).toContain(`# HELP firebreak_worker_ready ${workerMetrics.firebreak_worker_ready.help}`);
});

/** The specification's own names, 002 §12.4.4, have no prefix and no ending. */
const SPECIFIED = new Set(['partial_signatures_received', 'final_signatures_produced']);

test('every name of ours ends in its unit, in total, or in a state', () => {
  for (const [name, { kind, help }] of Object.entries(workerMetrics)) {
    expect(help.endsWith('.')).toBe(true);
    if (SPECIFIED.has(name)) continue;
    if (kind === 'counter') expect(name).toMatch(/_total$/);
    if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});

test('a name of the wrong kind is refused', () => {
  expect(() => createMetrics(workerMetrics).add('firebreak_worker_ready')).toThrow(TypeError);
});
