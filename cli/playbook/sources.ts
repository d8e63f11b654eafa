import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ActionClass, quorumOf } from '../../domain/committee/committee.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Catalogue, CommitteeShape, KnownPlaybook } from '../../domain/playbook/catalogue.ts';
import { strongestEffect } from '../../domain/playbook/nesting.ts';
import type { Plan } from '../../domain/playbook/plan.ts';
import { parseCatalogue } from '../../language/catalogue.ts';
import { type Loaded, loadPlaybook } from '../../language/load.ts';
import { presentAuthority } from '../authority.ts';
import { readBounded } from '../files.ts';

export type PlaybookOptions = {
  readonly catalogue?: string;
  readonly data?: string;
  readonly network?: string;
  readonly chain?: string;
  readonly library?: string;
};

const SHIPPED = fileURLToPath(new URL('../../playbooks/', import.meta.url));
const SUB_PLAYBOOKS_MAX = 20;

/** The file that is meant: a playbook's folder stands for the playbook in it. */
export const playbookFile = (file: string): string => (/\.ya?ml$/.test(file) ? file : path.join(file, 'playbook.yaml'));

/**
 * Loads a playbook against the catalogue, the committee of the pinned network (when one is given) and the sub-playbooks of the library,
 * which are compiled first, each once.
 */
export const loadFile = (file: string, options: PlaybookOptions): Loaded => loadTree(file, options).loaded;

/** The playbook, and the plans of all that it runs as steps: what a run has to be handed. */
export function loadTree(
  file: string,
  options: PlaybookOptions,
): { readonly loaded: Loaded; readonly inside: readonly Plan[] } {
  const catalogueFile = options.catalogue ?? path.join(SHIPPED, 'catalogue.yaml');
  const offers = parseCatalogue(readBounded(catalogueFile, 'catalogue'), catalogueFile);
  const committee = options.network === undefined ? undefined : committeeOf(options.network, options);
  const bytes = readBounded(playbookFile(file), 'playbook');
  const playbooks: Record<string, KnownPlaybook> = {};
  const catalogue: Catalogue = { ...offers, playbooks };
  const surroundings = { catalogue, ...(committee === undefined ? {} : { committee }) };
  const inside: Plan[] = [];
  resolveSubPlaybooks(bytes, options.library ?? SHIPPED, surroundings, { known: playbooks, plans: inside }, []);
  return { loaded: loadPlaybook(bytes, playbookFile(file), surroundings), inside };
}

/** Only names that a text could mean are looked up; whether it does is for the compiler to say. */
function resolveSubPlaybooks(
  bytes: Uint8Array,
  library: string,
  surroundings: { readonly catalogue: Catalogue; readonly committee?: CommitteeShape },
  found: { readonly known: Record<string, KnownPlaybook>; readonly plans: Plan[] },
  above: readonly string[],
): void {
  const names = [
    ...Buffer.from(bytes)
      .toString('utf8')
      .matchAll(/\bplaybook["']?: *["']?([a-z][a-z0-9-]{0,59})/g),
  ];
  for (const [, name = ''] of names) {
    if (Object.hasOwn(found.known, name)) continue;
    const file = path.join(library, name, 'playbook.yaml');
    if (!existsSync(file)) continue;
    if (above.includes(name) || above.length >= SUB_PLAYBOOKS_MAX)
      throw new FirebreakFailure(
        'input.playbook-unbounded',
        `playbooks run each other: ${[...above, name].join(' → ')}`,
      );
    const inner = readBounded(file, 'playbook');
    resolveSubPlaybooks(inner, library, surroundings, found, [...above, name]);
    const loaded = loadPlaybook(inner, file, surroundings);
    if (!loaded.ok) {
      const [first] = loaded.problems;
      throw new FirebreakFailure(
        first?.code ?? 'input.playbook-schema',
        `sub-playbook ${file}:${first?.line}:${first?.column}: ${first?.message}`,
      );
    }
    const inputs = Object.entries(loaded.plan.inputs).map(
      ([input, { type, default: usual }]) => [input, { type, optional: usual !== undefined }] as const,
    );
    found.plans.push(loaded.plan);
    found.known[name] = {
      digest: loaded.digest,
      effect: strongestEffect(loaded.plan.steps),
      inputs: Object.fromEntries(inputs),
    };
  }
}

/** Seats and thresholds of the present committee: the pinned one, or where `--chain` leads from it. */
function committeeOf(network: string, options: PlaybookOptions): CommitteeShape {
  const { committee } = presentAuthority({ data: '.', ...options, network });
  const seats = (kind: ActionClass): number => quorumOf(committee, kind);
  const thresholds = { freeze: seats('freeze'), lift: seats('lift'), change: seats('change') };
  return { epoch: committee.epoch, members: committee.members.length, thresholds };
}
