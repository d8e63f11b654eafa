import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ConfigLocation, Plugin, PluginKind } from '../../domain/plugin/manifest.ts';
import type { BuiltinPlugin } from '../registry.ts';
import { asFailure, bounded } from './bounded.ts';
import { checkPlugin } from './check.ts';
import { isPath, moduleUrlOf } from './package-entry.ts';

const PATH_SHOWN_MAX = 300;

/** One choice of a configuration: which plug-in of which kind, and its settings. */
export type PluginChoice = {
  readonly kind: PluginKind;
  /** A built-in name, an npm package name, or a path relative to the configuration file. */
  readonly use: string;
  /** The section without the choice itself; the plug-in's own `parse` reads it. */
  readonly settings: unknown;
  readonly where: ConfigLocation;
  /** The choice was typed, and `where` only says from which folder paths and packages count: no message names its file. */
  readonly typed?: true;
};

/** Loads and checks the module; a built-in name always means the built-in one. Throws `input.plugin-*` or `unavailable.plugin-hung`. */
export async function loadPlugin(
  choice: Omit<PluginChoice, 'settings'>,
  builtins: readonly BuiltinPlugin[],
  limitMs: number,
): Promise<Plugin> {
  const { kind, use, where } = choice;
  const builtin = builtins.find((entry) => entry.kind === kind && entry.name === use);
  const origin = isPath(use) ? use.slice(0, PATH_SHOWN_MAX) : `${kind}/${use.slice(0, 100)}`;
  const load = builtin === undefined ? await loaderOf(choice, builtins) : () => builtin.load();
  let module: unknown;
  try {
    module = await bounded(`loading plug-in ${origin}`, limitMs, load);
  } catch (error) {
    throw asFailure(
      error,
      'input.plugin-import',
      `loading plug-in ${origin}${choice.typed ? '' : ` for ${where.file}`}`,
    );
  }
  const plugin = checkPlugin(module, kind, origin);
  if (builtin !== undefined && plugin.manifest.name !== use) {
    throw new FirebreakFailure(
      'input.plugin-manifest',
      `plug-in ${origin}: its manifest says ${plugin.manifest.name}`,
      { plugin: origin },
    );
  }
  return plugin;
}

async function loaderOf(
  { kind, use, where, typed }: Omit<PluginChoice, 'settings'>,
  builtins: readonly BuiltinPlugin[],
) {
  const url = await moduleUrlOf(use, where.file);
  if (url === undefined) {
    const names = builtins.filter((entry) => entry.kind === kind).map((entry) => entry.name);
    const absent = isPath(use) ? 'there is no such file' : 'no such package is installed';
    throw new FirebreakFailure(
      'input.plugin-unknown',
      `${typed ? '' : `${where.file}: `}there is no ${kind} plug-in ${JSON.stringify(use.slice(0, PATH_SHOWN_MAX))}; built in are ${names.join(', ')}, and ${absent}`,
      { kind, builtin: names.join(' ') },
    );
  }
  // The bundle of the validator must leave this import to Node: it knows no third party.
  return (): Promise<unknown> => import(/* webpackIgnore: true */ url);
}
