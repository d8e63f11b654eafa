import type { ActivityDependencies } from '../dependencies.ts';
import { bindingsWith } from './bindings.ts';
import { createLookingActivities } from './looking.ts';
import { createOpeningActivities } from './opening.ts';
import { createPerformingActivities } from './performing.ts';
import { createTellingActivities } from './telling.ts';

/** What a run of a playbook asks of the outside. */
export function createPlaybookActivities(deps: ActivityDependencies, bindings = bindingsWith(deps.channels)) {
  return {
    ...createOpeningActivities(deps, bindings),
    ...createPerformingActivities(deps, bindings),
    ...createLookingActivities(deps, bindings),
    ...createTellingActivities(deps, bindings),
  };
}
