import { stringify } from 'smol-toml';

export type WatchdogTomlFacts = {
  /** Said in every page. */
  readonly network: string;
  readonly environment: string;
  /** Temporal's host:port. */
  readonly temporal: string;
  /** Health and metrics of every api. */
  readonly apis: readonly string[];
  /** By source of api.toml, the minutes within which its always-firing alert has to come again. */
  readonly heartbeats: Readonly<Record<string, number>>;
  /** By name: `use` and the settings of the notifier. */
  readonly channels: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly metricsPort: number;
};

/** The text of a good watchdog.toml; the caller writes it. */
export const watchdogToml = (facts: WatchdogTomlFacts): string =>
  stringify({
    network: facts.network,
    environment: facts.environment,
    apis: [...facts.apis],
    temporal: { address: facts.temporal },
    heartbeats: facts.heartbeats,
    channels: facts.channels,
    metrics: { port: facts.metricsPort },
  });
