import { stringify } from 'smol-toml';

/** The senders that a new installation begins with. */
export const INIT_SOURCES = [
  { name: 'prometheus', use: 'alertmanager' },
  { name: 'scripts', use: 'signed-webhook' },
] as const;

/** Who may read incidents in a new installation. */
export const INIT_READERS = ['operators'] as const;

/** Where a reader's token lies; relative to the file. */
export const readerSecretFile = (name: string): string => `secrets/reader-${name}.secret`;

/** Playbooks that ship with Firebreak and answer alerts. */
export const SHIPPED_PLAYBOOKS: readonly string[] = [
  'break-glass-review',
  'identity-seen-twice',
  'suspected-share-theft',
  'validator-offline',
];

export type ApiTomlFacts = {
  readonly network: string;
  readonly temporal: string;
  /** Absolute folder of the playbooks; `catalogue.yaml` lies in it. */
  readonly playbooks: string;
  /** Folder of blobs that the workers share; absolute, or relative to the file. */
  readonly blobs?: string;
  /** `coordinator.toml` of a worker on this machine; absolute. */
  readonly coordinator?: string;
  readonly playbookNames?: readonly string[];
  readonly port?: number;
  readonly metricsPort?: number;
  readonly readers?: readonly string[];
};

/** The text of a good api.toml; the caller writes it, and a secret per source beside it in `secrets/`. */
export function apiToml(facts: ApiTomlFacts): string {
  const { network, temporal, playbooks, playbookNames = SHIPPED_PLAYBOOKS } = facts;
  const sources = INIT_SOURCES.map(({ name, use }) => [
    name,
    { use, networks: [network], playbooks: [...playbookNames], secret_file: `secrets/${name}.secret` },
  ]);
  return stringify({
    listen: { host: '127.0.0.1', port: facts.port ?? 8080 },
    metrics: { host: '127.0.0.1', port: facts.metricsPort ?? 9090 },
    temporal: { address: temporal },
    playbooks: {
      folder: playbooks,
      catalogue_file: `${playbooks}/catalogue.yaml`,
      ...(facts.coordinator === undefined ? {} : { coordinator_file: facts.coordinator }),
    },
    blobs: { use: 'folder', folder: facts.blobs ?? 'blobs' },
    ...(facts.readers === undefined
      ? {}
      : { readers: Object.fromEntries(facts.readers.map((name) => [name, { secret_file: readerSecretFile(name) }])) }),
    sources: Object.fromEntries(sources),
  });
}
