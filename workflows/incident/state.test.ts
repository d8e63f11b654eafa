import { expect, test } from '@jest/globals';
import type { RunStanding } from '../../domain/incident/standing.ts';
import { freshState, hearRun, type IncidentState, wordedPhase } from './state.ts';
import type { IncidentInput } from './messages.ts';

const input = {
  network: 'laptop',
  key: '7',
  title: 'One is silent',
  severity: 'SEV2',
  playbook: { name: 'ask-first' },
} as unknown as IncidentInput;
const says = (phase: string, change: Partial<RunStanding> = {}): RunStanding => ({
  run: 'runPlaybook/laptop/7',
  playbook: 'ask-first',
  phase,
  running: [],
  awaited: [],
  ...change,
});
const form = { step: 'cause', role: 'operations', what: 'form: What was it?', untilMs: 2, kind: 'form' } as const;
const vote = { step: 'consent', role: 'committee', what: 'vote: Do it?', untilMs: 2, kind: 'vote' } as const;

/** The word of a notice after each of these, in order. */
function words(...heard: readonly RunStanding[]): string[] {
  const state: IncidentState = freshState(input, 1);
  return heard.map((standing) => {
    hearRun(state, standing);
    return wordedPhase(state);
  });
}

test('the cause is not called known while it is asked for, nor while a run only runs or a committee is asked', () => {
  expect(words(says('opening'), says('running'), says('task', { awaited: [form] }))).toEqual([
    'investigating',
    'investigating',
    'investigating',
  ]);
  expect(words(says('approval', { awaited: [vote] }), says('running'))).toEqual(['investigating', 'investigating']);
});

test('it is known once somebody has answered, and stays so while the next thing is asked and whatever the run says later', () => {
  const asked = says('approval', { awaited: [vote], isAnswered: true });
  expect(words(says('task', { awaited: [form] }), asked, says('halted'))).toEqual([
    'investigating',
    'identified',
    'identified',
  ]);
});

test('a form that lapsed, or went with a branch or a run that was stopped, has not been answered', () => {
  for (const phase of ['running', 'halted', 'failed', 'undoing'])
    expect(words(says('task', { awaited: [form] }), says(phase)).at(-1)).toBe('investigating');
});

test('only a run that has done its work is watched, and an incident that is over is resolved', () => {
  expect(words(says('running'), says('halted'), says('done')).at(-1)).toBe('monitoring');
  expect(wordedPhase({ ...freshState(input, 1), phase: 'over' })).toBe('resolved');
});
