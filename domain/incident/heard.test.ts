import { expect, test } from '@jest/globals';
import { runStandingFrom } from './heard.ts';

const SAID = {
  run: 'runPlaybook/n/k',
  playbook: 'p',
  phase: 'running',
  running: [{ step: 'look', sinceMs: 1 }],
  awaited: [{ step: 'look', role: 'committee', what: 'vote', untilMs: 2, escalated: true, kind: 'vote' }],
  isAnswered: true,
  refusal: 'no',
  frozenUntilMs: 3,
};

test('what a run says of itself is taken as it is', () => {
  expect(runStandingFrom(SAID)).toEqual(SAID);
  const { refusal: _refusal, isAnswered: _answered, frozenUntilMs: _frozen, ...least } = SAID;
  expect(runStandingFrom({ ...least, more: 'of it' })).toEqual(least);
});

test.each([
  undefined,
  null,
  'text',
  [],
  {},
  { ...SAID, run: 5 },
  { ...SAID, phase: '' },
  { ...SAID, awaited: 'q' },
  { ...SAID, awaited: [null] },
  { ...SAID, awaited: [{ ...SAID.awaited[0], untilMs: 9e15 }] },
  { ...SAID, running: Array.from({ length: 21 }, () => SAID.running[0]) },
  { ...SAID, refusal: 'a\ud83d' },
  { ...SAID, frozenUntilMs: 9e15 },
  { ...SAID, frozenUntilMs: 'soon' },
])('what has another shape is nothing: %j', (said) => {
  expect(runStandingFrom(said)).toBeUndefined();
});
