import { type Effect, EFFECTS, type Step } from './plan.ts';

/** Steps inside a step, as lists. */
function bodiesOf(step: Step): readonly (readonly Step[])[] {
  if ('parallel' in step) return Object.values(step.parallel.branches);
  if ('switch' in step) return [...step.switch.cases.map((each) => each.steps), step.switch.otherwise];
  if ('repeat' in step) return [step.repeat.steps];
  return 'forEach' in step ? [step.forEach.steps] : [];
}

/** The steps and all steps inside them. */
export const everyStep = (steps: readonly Step[]): readonly Step[] =>
  steps.flatMap((step) => [step, ...bodiesOf(step).flatMap(everyStep)]);

/** The strongest effect of any of the steps. */
export const strongestEffect = (steps: readonly Step[]): Effect =>
  everyStep(steps).reduce<Effect>((strongest, step) => {
    const effect = 'effect' in step ? step.effect : 'none';
    return EFFECTS.indexOf(effect) > EFFECTS.indexOf(strongest) ? effect : strongest;
  }, 'none');
