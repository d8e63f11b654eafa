import type { Needs } from '../../domain/playbook/needs.ts';
import type { Bindings, Channel } from './binding.ts';
import { custodyActions, custodyProbes } from './custody.ts';
import { evidenceActions } from './evidence.ts';
import { custodyProcesses } from './processes.ts';
import { pausingActions } from './pausing.ts';
import { rosterActions } from './roster.ts';
import { sightingProbes } from './sightings.ts';
import { validatorProbes } from './validators.ts';
import { vaultProbes } from './vaults.ts';

/** What this build can really do. A name of the catalogue that is missing here is refused when a run is opened. */
export const bindingsWith = (channels: Readonly<Record<string, Channel>> = {}): Bindings => ({
  actions: { ...custodyActions, ...evidenceActions, ...rosterActions, ...pausingActions },
  probes: { ...custodyProbes, ...validatorProbes, ...vaultProbes, ...sightingProbes },
  processes: custodyProcesses,
  channels,
});

/** What a plan needs and this installation has not, as people read it. */
export function missingIn(
  bindings: Bindings,
  needs: Needs,
  library: Readonly<Record<string, unknown>>,
): readonly string[] {
  const absent = (word: string, names: readonly string[], offers: object): readonly string[] =>
    names.filter((name) => !Object.hasOwn(offers, name)).map((name) => `${word} ${name}`);
  return [
    ...absent('action', needs.actions, bindings.actions),
    ...absent('process', needs.workflows, bindings.processes),
    ...absent('probe', needs.probes, bindings.probes),
    ...absent('channel', needs.channels, bindings.channels),
    ...absent('playbook', needs.playbooks, library),
  ];
}
