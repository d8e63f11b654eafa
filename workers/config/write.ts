import { stringify } from 'smol-toml';

/** What a coordinator.toml needs to know; paths are written as given and read relative to the file. */
export type CoordinatorSettings = {
  readonly genesisFile: string;
  /** Ed25519 PEM of an identity listed in the genesis; each worker process has its own. */
  readonly identityFile: string;
  readonly temporal: { readonly address: string; readonly namespace?: string; readonly taskQueue?: string };
  readonly bitcoin: {
    readonly rpcUrls: readonly string[];
    readonly rpcUser?: string;
    readonly rpcPasswordFile?: string;
    readonly rpcPasswordEnv?: string;
    readonly rpcCookieFile?: string;
    readonly startHeight?: number;
    readonly pollIntervalMs?: number;
  };
  /** Shared by all workers of a network. */
  readonly blobsFolder: string;
  readonly termsFolder: string;
  /** Standing orders; default: beside the file. */
  readonly grantsFolder?: string;
  /** By the names that playbooks use: `use` and the settings of the notifier. */
  readonly channels?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly metricsPort?: number;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
};

/** The text of a good coordinator.toml; the caller writes it. */
export function writeCoordinatorConfig(settings: CoordinatorSettings): string {
  const { temporal, bitcoin } = settings;
  return stringify(
    defined({
      log_level: settings.logLevel,
      grants_folder: settings.grantsFolder,
      temporal: defined({ address: temporal.address, namespace: temporal.namespace, task_queue: temporal.taskQueue }),
      network: { genesis_file: settings.genesisFile, identity_file: settings.identityFile },
      bitcoin: defined({
        rpc_urls: [...bitcoin.rpcUrls],
        rpc_user: bitcoin.rpcUser,
        rpc_password_file: bitcoin.rpcPasswordFile,
        rpc_password_env: bitcoin.rpcPasswordEnv,
        rpc_cookie_file: bitcoin.rpcCookieFile,
        start_height: bitcoin.startHeight,
        poll_interval_ms: bitcoin.pollIntervalMs,
      }),
      blobs: { folder: settings.blobsFolder },
      terms: { folder: settings.termsFolder },
      channels: settings.channels,
      metrics: settings.metricsPort === undefined ? undefined : { port: settings.metricsPort },
    }),
  );
}

const defined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
