import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { PluginKind, PluginManifest } from '../domain/plugin/manifest.ts';
import { asFailure } from './host/bounded.ts';
import { checkPort } from './host/check.ts';
import { describeAll } from './host/describe.ts';
import { HealthAsker, type PluginHealth } from './host/health.ts';
import { livesOf, type Mounted, startOne, type StepOutcome, stopOne } from './host/life-cycle.ts';
import { loadPlugin, type PluginChoice } from './host/load.ts';
import { type BuiltinPlugin, builtinPlugins } from './registry.ts';

export type { PluginHealth } from './host/health.ts';
export type { StepOutcome } from './host/life-cycle.ts';
export type { PluginChoice } from './host/load.ts';

export type HostOptions = {
  readonly builtins?: readonly BuiltinPlugin[];
  /** Bound of loading, of each start and of each stop. */
  readonly stepLimitMs?: number;
  readonly healthLimitMs?: number;
};

const STEP_LIMIT_MS = 30_000;
const HEALTH_LIMIT_MS = 2_000;
/** A process has a handful; more is a configuration that loops. */
const PLUGINS_MAX = 50;

/**
 * Holds the plug-ins of one process: loads, checks, creates, starts in order, stops in reverse. What one plug-in does wrong
 * (hangs, throws, lies about itself) costs that plug-in's own step and comes back as a failure that names it.
 */
export class PluginHost {
  readonly #builtins: readonly BuiltinPlugin[];
  readonly #stepLimitMs: number;
  readonly #health: HealthAsker;
  readonly #mounted: (Mounted & { readonly manifest: PluginManifest; touched: boolean })[] = [];

  constructor(options: HostOptions = {}) {
    this.#builtins = options.builtins ?? builtinPlugins;
    this.#stepLimitMs = options.stepLimitMs ?? STEP_LIMIT_MS;
    this.#health = new HealthAsker(options.healthLimitMs ?? HEALTH_LIMIT_MS);
  }

  /** Loads the chosen plug-in and checks its settings without creating anything: `plugins check`. */
  async check(choice: PluginChoice): Promise<PluginManifest> {
    return (await this.#prepare(choice)).plugin.manifest;
  }

  /**
   * Creates the port of a choice and takes it into the life cycle. Opens nothing: `start` does.
   * `Port` and `Components` are the caller's claim about the kind; the host checks the methods.
   */
  async use<Port, Components = unknown>(choice: PluginChoice, components: Components): Promise<Port> {
    if (this.#mounted.length >= PLUGINS_MAX)
      throw new FirebreakFailure('input.config', `${choice.where.file}: more than ${PLUGINS_MAX} plug-ins`);
    const { plugin, config } = await this.#prepare(choice);
    const origin = `${plugin.manifest.kind}/${plugin.manifest.name}`;
    let port: unknown;
    try {
      port = plugin.create(config)(components);
    } catch (error) {
      throw asFailure(error, 'unavailable.plugin-failed', `creating plug-in ${origin}`);
    }
    checkPort(port, choice.kind, origin);
    this.#mounted.push({ origin, lives: livesOf(port), manifest: plugin.manifest, touched: false });
    return port as Port;
  }

  /** Starts every plug-in in order, also after one failed; the outcomes say which. Never throws. */
  async startEach(signal: AbortSignal): Promise<readonly StepOutcome[]> {
    const outcomes: StepOutcome[] = [];
    for (const mounted of this.#mounted) {
      mounted.touched = true;
      outcomes.push(await startOne(mounted, this.#stepLimitMs, signal));
    }
    return outcomes;
  }

  /** Starts in order; at the first failure stops what was started and throws it. */
  async start(signal: AbortSignal): Promise<void> {
    for (const mounted of this.#mounted) {
      mounted.touched = true;
      const { failure } = await startOne(mounted, this.#stepLimitMs, signal);
      if (failure === undefined) continue;
      await this.stop();
      throw failure;
    }
  }

  /** Stops in reverse order whatever was started, also what failed or hung halfway. Never throws; a second call does nothing. */
  async stop(): Promise<readonly StepOutcome[]> {
    const outcomes: StepOutcome[] = [];
    for (const mounted of [...this.#mounted].reverse()) {
      if (!mounted.touched) continue;
      mounted.touched = false;
      outcomes.push(await stopOne(mounted, this.#stepLimitMs));
    }
    return outcomes;
  }

  /** Never throws and never waits longer than the health bound. */
  async health(): Promise<readonly PluginHealth[]> {
    return Promise.all(this.#mounted.map((mounted) => this.#health.ask(mounted)));
  }

  manifests(): readonly PluginManifest[] {
    return this.#mounted.map(({ manifest }) => manifest);
  }

  /** Public facts per plug-in for `plugins list` and error messages. Never throws. */
  describe(): Readonly<Record<string, Readonly<Record<string, string>>>> {
    return Object.fromEntries(this.#mounted.map((mounted) => [mounted.origin, describeAll(mounted.lives)]));
  }

  can(kind: PluginKind, capability: string): boolean {
    return this.#mounted.some(({ manifest }) => manifest.kind === kind && manifest.capabilities.includes(capability));
  }

  /** Throws `input.plugin-capability`: a plan is refused when it is loaded and not at step four. */
  require(kind: PluginKind, capability: string, neededBy: string): void {
    if (this.can(kind, capability)) return;
    const names = this.#mounted.filter(({ manifest }) => manifest.kind === kind).map(({ origin }) => origin);
    throw new FirebreakFailure(
      'input.plugin-capability',
      `${neededBy} needs a ${kind} plug-in that can ${capability}; ${names.length === 0 ? 'there is none' : `${names.join(', ')} cannot`}`,
      { kind, capability },
    );
  }

  async #prepare(choice: PluginChoice) {
    const plugin = await loadPlugin(choice, this.#builtins, this.#stepLimitMs);
    try {
      return { plugin, config: plugin.parse(choice.settings, choice.where) };
    } catch (error) {
      throw asFailure(
        error,
        'input.config',
        `${choice.where.file}: settings of plug-in ${choice.kind}/${plugin.manifest.name}`,
      );
    }
  }
}
