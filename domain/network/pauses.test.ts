import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { validatorId } from './network.ts';
import {
  DONE_KEPT,
  NO_PAUSES,
  type PauseCommand,
  paused,
  pausedLast,
  PAUSES_MAX,
  type Pauses,
  pausedValidators,
} from './pauses.ts';

const pause = (key: string, validator: number, run = 'run'): PauseCommand => ({
  do: 'pause',
  key,
  validator: validatorId(validator),
  run,
  step: 'pause',
  reason: 'a test',
  atMs: 1,
});
const resume = (key: string, validator: number, run = 'run'): PauseCommand => ({
  do: 'resume',
  key,
  validator: validatorId(validator),
  run,
});
const after = (...commands: readonly PauseCommand[]): Pauses => commands.reduce(paused, NO_PAUSES);

describe('pauses', () => {
  test('hold until the run that made them gives them back', () => {
    expect(pausedValidators(after(pause('a', 4), pause('b', 2)))).toEqual([2, 4]);
    expect(pausedValidators(after(pause('a', 4), pause('b', 2), resume('c', 4)))).toEqual([2]);
  });

  test('of two runs end one by one; a run that paused nobody ends the pause for all', () => {
    const both = [pause('a', 4, 'one'), pause('b', 4, 'two')];
    expect(pausedValidators(after(...both, resume('c', 4, 'one')))).toEqual([4]);
    expect(pausedValidators(after(...both, resume('c', 4, 'one'), resume('d', 4, 'two')))).toEqual([]);
    expect(pausedValidators(after(...both, resume('c', 4, 'three')))).toEqual([]);
  });

  test('and resumptions that arrive again, however late, change nothing', () => {
    const history = [pause('a', 4), resume('b', 4), pause('c', 5)];
    const state = after(...history);
    for (const again of history) expect(paused(state, again)).toBe(state);
  });

  test('of every history stay bounded and count each effect once', () => {
    const command = fc
      .tuple(
        fc.boolean(),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ max: 5, min: 1 }),
      )
      .map(([isPause, key, validator, run]) => (isPause ? pause : resume)(`k${key}`, validator, `run ${run}`));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 800 }), (commands) => {
        const { held, done } = after(...commands);
        expect(held.length).toBeLessThanOrEqual(PAUSES_MAX);
        expect(done.length).toBeLessThanOrEqual(DONE_KEPT);
        expect(new Set(held.map(({ validator, run }) => `${validator} ${run}`)).size).toBe(held.length);
      }),
    );
  });
});

test('whoever is paused is asked last and never left out, so that a pause costs no signature', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 15 })),
      fc.uniqueArray(fc.integer({ min: 1, max: 15 })),
      (all, left) => {
        const validators = all.map(validatorId);
        const order = pausedLast(validators, left.map(validatorId));
        expect(new Set(order)).toEqual(new Set(validators));
        expect(order).toHaveLength(validators.length);
        const first = order.findIndex((id) => left.includes(id));
        if (first >= 0) expect(order.slice(first).every((id) => left.includes(id))).toBe(true);
      },
    ),
  );
});
