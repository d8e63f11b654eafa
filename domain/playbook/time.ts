import { FirebreakFailure } from '../errors/failure.ts';
import { everyStep } from './nesting.ts';
import type { Plan, ProbeStep, Time } from './plan.ts';
import type { Values } from './resolve.ts';

/** The milliseconds of a time in a run with these inputs. Throws `input.playbook-input` when its input says none. */
export function msOf(time: Time, inputs: Values): number {
  const ms = typeof time === 'number' ? time : inputs[time.input];
  if (typeof ms === 'number') return ms;
  throw new FirebreakFailure('input.playbook-input', `input ${JSON.stringify(time)} says no time`);
}

/** The first probe that would look for as long as its step may take, or longer, with these inputs. */
export const overlongHold = ({ steps }: Pick<Plan, 'steps'>, inputs: Values): ProbeStep | undefined =>
  everyStep(steps).find(
    (step): step is ProbeStep =>
      'probe' in step && step.hold !== undefined && msOf(step.hold.forMs, inputs) >= step.timeoutMs,
  );
