import type { Screen } from '../cli/screen.ts';

/** Verbs are typed as an operator would type them; nobody sits at this terminal to be asked. */
export const silent: Screen = { out: () => undefined, err: () => undefined, colour: false, interactive: false };
