import { randomBytes } from 'node:crypto';
import { type Activities, createActivities } from '../activities/activities.ts';
import type { followNamedBranch } from '../activities/branch.ts';
import { channelsOf } from '../activities/notice/channels.ts';
import type { ActivityLogger } from '../activities/dependencies.ts';
import type { BlobStore } from '../domain/ports/blob-store.ts';
import type { BitcoinChain } from '../domain/ports/chain.ts';
import type { Notifier } from '../domain/ports/notifier.ts';
import type { TermsSource } from '../domain/ports/terms-source.ts';
import type { ValidatorNetwork } from '../domain/ports/validator-network.ts';
import { PluginHost } from '../plugins/host.ts';
import { createVerifyingSuite } from '../threshold/verify/suite.ts';
import type { CoordinatorConfig } from './config.ts';
import { grantFolder } from './grants.ts';
import { observeInto, type WorkerMetrics } from './observer.ts';
import { engineRoster } from './roster.ts';

export type Coordinator = {
  readonly host: PluginHost;
  readonly activities: Activities;
  readonly network: ValidatorNetwork;
  readonly chain: BitcoinChain;
  /** What it takes to ask in which chain a stopped view may go on. */
  readonly followed: Parameters<typeof followNamedBranch>[0];
};

/** The whole wiring of a coordinator: four ports, the channels, one suite, and nothing that signs. Opens nothing; `host.start` does. */
export async function wire(
  config: CoordinatorConfig,
  logger: ActivityLogger,
  metrics: WorkerMetrics,
): Promise<Coordinator> {
  const { genesis, plugins, dataFolder } = config;
  const host = new PluginHost();
  const network = await host.use<ValidatorNetwork>(plugins.network, { genesis, logger });
  const chain = await host.use<BitcoinChain>(plugins.bitcoin, {
    dataDir: dataFolder,
    network: genesis.bitcoinNetwork,
    logger,
  });
  const blobs = await host.use<BlobStore>(plugins.blobs, { dir: dataFolder });
  const terms = await host.use<TermsSource>(plugins.terms, { dir: dataFolder, genesis });
  const notifiers: Record<string, Notifier> = {};
  for (const [name, section] of Object.entries(config.channels))
    notifiers[name] = await host.use<Notifier>(section, {});
  const activities = createActivities({
    genesis,
    network,
    chain,
    blobs,
    terms,
    grants: grantFolder(config.grantsFolder, logger),
    roster: engineRoster(genesis.name, config.temporal.taskQueue),
    suite: createVerifyingSuite(),
    policyVersion: config.policyVersion,
    clock: Date.now,
    random: (bytes) => randomBytes(bytes),
    logger,
    observer: observeInto(metrics),
    notifiers,
    channels: channelsOf(notifiers, genesis, Date.now),
  });
  const followed = { genesis, network, chain, clock: Date.now, logger };
  return { host, activities, network, chain, followed };
}
