import { parseArgs } from 'node:util';
import { validatorName } from '../../../domain/network/network.ts';
import type { BitcoinChain } from '../../../domain/ports/chain.ts';
import { PluginHost } from '../../../plugins/host.ts';
import { createLogger } from '../../../telemetry/log.ts';
import { loadConfig } from '../../../validator/config.ts';
import { startSignerThread } from '../../../validator/custody/signer/start.ts';
import { chainEnvironment, chainSettings, keystoreSettings, sectionLines } from '../../../validator/plugin-settings.ts';
import { startValidator } from '../../../validator/process.ts';
import type { SignerWorkerData } from '../../../validator/signer.ts';
import { orderedIn, writeDeed } from './acts.ts';
import { hostileSigner } from './signer.ts';

/**
 * `main.ts run --config <validator.toml>`: a validator with a real share and a real host identity, put together from the product's own
 * parts, whose operator has changed the program. Nothing of it is shipped or started by the product; a torture run starts it in the place
 * of a validator and tells it by a file in its folder what to do.
 */
const { values, positionals } = parseArgs({ options: { config: { type: 'string' } }, allowPositionals: true });
if (positionals[0] !== 'run' || values.config === undefined) throw new Error('usage: main.ts run --config <file>');

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());

const loaded = loadConfig(values.config);
const { config, where } = loaded;
const logger = createLogger({ name: validatorName(config.id), level: config.logLevel });

const validator = await startValidator({
  loaded,
  logger,
  version: 'hostile',
  async openChain() {
    const host = new PluginHost();
    const chain = await host.use<BitcoinChain>(
      { kind: 'chain', ...chainSettings(config), where: sectionLines(where, 'bitcoin') },
      { dataDir: config.dataDir, network: config.bitcoinNetwork, logger, environment: chainEnvironment(config) },
    );
    await host.start(stop.signal);
    return { chain, stop: async () => void (await host.stop()) };
  },
  async startSigner(recordUse) {
    const workerData: SignerWorkerData = {
      self: config.id,
      bitcoinNetwork: config.bitcoinNetwork,
      dataDir: config.dataDir,
      keystore: { ...keystoreSettings(config.keyStorage), file: config.file },
    };
    const entry = new URL('../../../validator/signer.ts', import.meta.url);
    const inner = await startSignerThread({ entry, workerData, recordUse, logger });
    const told = () => orderedIn(config.dataDir)?.act;
    return hostileSigner(inner, config.id, told, (deed) => writeDeed(config.dataDir, deed));
  },
});
await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
await validator.stop();
