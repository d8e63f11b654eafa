import type { Catalogue, CommitteeShape, KnownPlaybook } from '../domain/playbook/catalogue.ts';
import { strongestEffect } from '../domain/playbook/nesting.ts';
import { type Loaded, loadPlaybook } from './load.ts';
import type { Problem } from './problem.ts';

export type PlaybookText = { readonly file: string; readonly bytes: Uint8Array };
export type LoadedPlaybook = Extract<Loaded, { ok: true }>;
export type Library = {
  readonly playbooks: readonly LoadedPlaybook[];
  /** Of those that could not be loaded; those that wait for each other are among them. */
  readonly problems: readonly Problem[];
};

/**
 * Loads playbooks that may run each other. A sub-playbook is pinned by its digest, so it is compiled before whoever runs it: all are
 * tried, then those that failed are tried again with what is known by then, until a round brings nothing new.
 */
export function loadLibrary(texts: readonly PlaybookText[], offers: Catalogue, committee?: CommitteeShape): Library {
  const known: Record<string, KnownPlaybook> = { ...offers.playbooks };
  const loaded: LoadedPlaybook[] = [];
  let waiting = texts;
  for (;;) {
    const failed: { readonly text: PlaybookText; readonly problems: readonly Problem[] }[] = [];
    const surroundings = {
      catalogue: { ...offers, playbooks: { ...known } },
      ...(committee === undefined ? {} : { committee }),
    };
    for (const text of waiting) {
      const result = loadPlaybook(text.bytes, text.file, surroundings);
      if (!result.ok) failed.push({ text, problems: result.problems });
      else {
        loaded.push(result);
        known[result.plan.name] = knownAs(result);
      }
    }
    if (failed.length === 0 || failed.length === waiting.length)
      return {
        playbooks: loaded.sort((one, other) => (one.plan.name < other.plan.name ? -1 : 1)),
        problems: failed.flatMap(({ problems }) => problems),
      };
    waiting = failed.map(({ text }) => text);
  }
}

/** What a playbook that runs this one has to know about it. */
const knownAs = ({ plan, digest }: LoadedPlaybook): KnownPlaybook => ({
  digest,
  effect: strongestEffect(plan.steps),
  inputs: Object.fromEntries(
    Object.entries(plan.inputs).map(([input, { type, default: usual }]) => [
      input,
      { type, optional: usual !== undefined },
    ]),
  ),
});
