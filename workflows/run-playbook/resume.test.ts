import { expect, test } from '@jest/globals';
import type { Plan } from '../../domain/playbook/plan.ts';
import { coveringOf, judgeResume, resumableFrom, resumeFrom } from './resume.ts';
import { freshState, type RunState } from './state.ts';

const steps = [
  { id: 'look', task: {} },
  { id: 'ask', approval: { covers: ['mark', 'burn'] } },
  { id: 'mark', action: 'test.set' },
  { id: 'both', parallel: { branches: { one: [{ id: 'burn', action: 'test.burn' }] } } },
  { id: 'tell', notify: {} },
];
const PLAN = { steps } as unknown as Plan;
const halted = (change: Partial<RunState> = {}): RunState => ({ ...freshState({}, [], []), ...change });
const PROOF = {} as RunState['proofs'][string];

test('one signature does not lead past an approval that covers the step, or one behind it', () => {
  for (const id of ['mark', 'both'])
    expect(judgeResume({ plan: PLAN, state: halted() }, id)).toMatchObject({
      ok: false,
      refusal: { code: 'policy.resume-unapproved' },
    });
  // Half of what it covers is not all of it.
  expect(judgeResume({ plan: PLAN, state: halted({ proofs: { mark: PROOF } }) }, 'mark')).toMatchObject({ ok: false });
  // Nothing that it covers comes after this one.
  expect(judgeResume({ plan: PLAN, state: halted() }, 'tell')).toEqual({ ok: true, value: 4 });
});

test('a step that cannot be meant is refused with the names of those that can, and these are what a halted run lists', () => {
  const state = halted({ marks: { mark: { atMs: 1, done: 'finished' } }, proofs: { burn: PROOF } });
  expect(resumableFrom({ plan: PLAN, state })).toEqual(['look', 'ask', 'both', 'tell']);
  for (const [id, why] of [
    ['tel', 'the plan has no step tel at its outermost level'],
    ['mark', 'what step mark did stands'],
  ] as const)
    expect(judgeResume({ plan: PLAN, state }, id)).toMatchObject({
      ok: false,
      refusal: { code: 'input.resume-step', message: `${why}; it can be resumed from: look, ask, both, tell` },
    });
  expect(resumableFrom({ plan: PLAN, state: halted({ undone: ['mark'] }) })).toEqual([]);
});

test('with the certificate, or from the approval on, a run is resumed', () => {
  const state = halted({ proofs: { mark: PROOF, burn: PROOF } });
  expect(judgeResume({ plan: PLAN, state }, 'mark')).toEqual({ ok: true, value: 2 });
  expect(judgeResume({ plan: PLAN, state: halted() }, 'ask')).toEqual({ ok: true, value: 1 });
  // What is asked again has to be approved again.
  resumeFrom(PLAN, Object.assign(state, { marks: { ask: { atMs: 1, done: 'finished' } } }), 1);
  expect(judgeResume({ plan: PLAN, state }, 'mark')).toMatchObject({ ok: false });
});

test('the plan says which approvals cover a step, wherever it stands', () => {
  expect(coveringOf(PLAN, 'burn').map(({ id }) => id)).toEqual(['ask']);
  expect(coveringOf(PLAN, 'tell')).toEqual([]);
});
