import { expect, test } from '@jest/globals';
import type { Plan, Time } from './plan.ts';
import { msOf, overlongHold } from './time.ts';

const holding = (forMs: Time): Pick<Plan, 'steps'> => {
  const probe = {
    id: 'quiet',
    summary: 'Look',
    timeoutMs: 60_000,
    set: {},
    onFailure: 'fail' as const,
    probe: 'net.live',
    with: {},
    expect: 'result.live > 1',
    hold: { forMs, everyMs: 1_000 },
    retry: { attempts: 1, delayMs: 1, delayMsMax: 1 },
  };
  const times = { times: 2, until: 'true', everyMs: 1, steps: [probe] };
  return { steps: [{ id: 'loop', summary: 'x', timeoutMs: 1, set: {}, onFailure: 'fail', repeat: times }] };
};

test('a time is what the author wrote, or what the run was given', () => {
  expect(msOf(90_000, {})).toBe(90_000);
  expect(msOf({ input: 'holdFor' }, { holdFor: 15_000 })).toBe(15_000);
  expect(() => msOf({ input: 'holdFor' }, { holdFor: '15s' })).toThrow(
    expect.objectContaining({ code: 'input.playbook-input' }),
  );
});

test('a hold that would outlast its step is found wherever it stands, with the inputs of the run', () => {
  const plan = holding({ input: 'holdFor' });
  expect(overlongHold(plan, { holdFor: 59_999 })).toBeUndefined();
  expect(overlongHold(plan, { holdFor: 60_000 })).toMatchObject({ id: 'quiet' });
  expect(overlongHold(holding(59_999), {})).toBeUndefined();
});
