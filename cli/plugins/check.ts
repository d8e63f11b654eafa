import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { PLUGIN_KINDS } from '../../domain/plugin/manifest.ts';
import type { Outcome } from '../outcome.ts';
import { loadApart } from './load-apart.ts';

/** For a start of Node and the load. */
const LOAD_LIMIT_MS = 15_000;

export type CheckPluginOptions = { readonly kind: string };

/** Loads a plug-in as a configuration would, in a process of its own, checks manifest and contract, and creates nothing. */
export async function checkPlugin(
  name: string,
  options: CheckPluginOptions,
  limitMs: number = LOAD_LIMIT_MS,
): Promise<Outcome> {
  const kind = PLUGIN_KINDS.find((known) => known === options.kind);
  if (kind === undefined)
    throw new FirebreakFailure('input.usage', `--kind is one of ${PLUGIN_KINDS.join(', ')}, not "${options.kind}"`);
  const use = name.startsWith(`${kind}/`) ? name.slice(kind.length + 1) : name; // as `plugins list` writes it
  const manifest = await loadApart(kind, use, limitMs);
  return {
    data: { manifest },
    lines: [
      `${kind}/${manifest.name} is a plug-in of contract ${manifest.contractVersion}: USABLE`,
      `  summary       ${manifest.summary}`,
      `  capabilities  ${manifest.capabilities.join(', ') || 'none'}`,
      `  irreversible  ${manifest.irreversible.join(', ') || 'nothing'}`,
    ],
  };
}
