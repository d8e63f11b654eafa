import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { checkPlugin } from '../../plugins/host/check.ts';
import { builtinPlugins } from '../../plugins/registry.ts';
import type { Outcome } from '../outcome.ts';

/** Every built-in plug-in with what its manifest says; one that cannot be loaded here says why. */
export async function listPlugins(): Promise<Outcome> {
  const plugins = await Promise.all(
    builtinPlugins.map(async ({ kind, name, load }) => {
      try {
        const { manifest } = checkPlugin(await load(), kind, `${kind}/${name}`);
        const { summary, capabilities, irreversible, contractVersion } = manifest;
        return { kind, name, usable: true, summary, capabilities, irreversible, contractVersion };
      } catch (error) {
        const code = error instanceof FirebreakFailure ? error.code : 'input.plugin-import';
        return {
          kind,
          name,
          usable: false,
          summary: `${code}: ${(error as Error).message}`,
          capabilities: [],
          irreversible: [],
        };
      }
    }),
  );
  return {
    data: { plugins },
    lines: plugins.map(
      ({ kind, name, usable, summary }) => `${`${kind}/${name}`.padEnd(24)}  ${usable ? '' : 'NOT USABLE '}${summary}`,
    ),
  };
}
