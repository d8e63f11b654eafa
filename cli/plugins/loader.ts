import { join } from 'node:path';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { PluginKind } from '../../domain/plugin/manifest.ts';
import { checkPlugin } from '../../plugins/host/check.ts';
import { loadPlugin } from '../../plugins/host/load.ts';
import { builtinPlugins } from '../../plugins/registry.ts';

/** The process of load-apart.ts, which ends it in time: `loader.ts <kind> <name or path>`. Sends the manifest or a refusal. */
const LIMIT_MS = 600_000;

const [kind, use] = process.argv.slice(2) as [PluginKind, string];
process.send?.(await answer());

async function answer(): Promise<object> {
  // Paths and packages are resolved from here, as from a configuration file in this folder.
  const where = { file: join(process.cwd(), 'configuration'), lineOf: () => undefined };
  try {
    const plugin = await loadPlugin({ kind, use, where, typed: true }, builtinPlugins, LIMIT_MS);
    return { manifest: checkPlugin({ plugin }, kind, use).manifest };
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) return { code: 'input.plugin-import', message: firstLine(error) };
    const { code, message, cause } = error;
    return { code, message: cause === undefined ? message : `${message}: ${firstLine(cause)}` };
  }
}

/** The operator asked for this module and nothing is configured yet: what it says may be shown, other than in the host. */
function firstLine(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? `${String(cause.code)} ` : '';
  const text = cause instanceof Error ? cause.message : String(cause);
  return `${code}${text.split('\n')[0] ?? ''}`;
}
