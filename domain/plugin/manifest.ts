/** Raised when a port changes in a way that an old plug-in cannot satisfy. */
export const CONTRACT_VERSION = 1;

export const PLUGIN_KINDS = ['chain', 'keystore', 'terms', 'blob', 'network', 'alert-source', 'notifier'] as const;
export type PluginKind = (typeof PLUGIN_KINDS)[number];

/**
 * What a plug-in says before it runs. `configSchema` is JSON Schema (for editors and docs); `parse` is the authority.
 * `irreversible` lists the port methods whose effect cannot be undone: a plan that reaches one needs an approval.
 */
export type PluginManifest = {
  readonly kind: PluginKind;
  readonly name: string;
  readonly contractVersion: number;
  readonly summary: string;
  readonly capabilities: readonly string[];
  readonly irreversible: readonly string[];
  readonly configSchema: Readonly<Record<string, unknown>>;
};

/** What an npm package or a folder `plugins/<kind>/<name>/index.ts` exports as `plugin`. Nothing happens on import. */
export type Plugin<Config = unknown, Components = unknown, Port = unknown> = {
  readonly manifest: PluginManifest;
  /** Outside data becomes a typed configuration here, once; failures are `input.config` with file, line, field, remedy. */
  parse(input: unknown, where: ConfigLocation): Config;
  /** The lower-case factory: `bitcoin(config)(components)`. Opens nothing; `start` does. */
  create(config: Config): (components: Components) => Port;
};

/** Turns a path inside a configuration into "file:line" for messages. */
export type ConfigLocation = { readonly file: string; lineOf(path: readonly (string | number)[]): number | undefined };
