import { join } from 'node:path';
import { z } from 'zod';
import type { BitcoinNetwork } from '../../../domain/network/network.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { BitcoinChain } from '../../../domain/ports/chain.ts';
import type { LifeCycle } from '../../../domain/ports/context.ts';
import { broadcaster } from './broadcaster.ts';
import { transactionCodec } from './codec.ts';
import { type BitcoinConfig, bitcoinConfigSchema, parseBitcoinConfig } from './config.ts';
import { authorizationOf } from './credentials.ts';
import { feeSource } from './fees.ts';
import { type ChainLogger, silent } from './logger.ts';
import { paramsOf } from './network-params.ts';
import { NodePool } from './nodes.ts';
import { connectRpc } from './rpc.ts';
import { BitcoinView } from './view.ts';

export type BitcoinComponents = {
  /** The index `chain.sqlite` lies here; it is a cache and may be deleted while the process is stopped. */
  readonly dataDir: string;
  readonly network: BitcoinNetwork;
  readonly logger?: ChainLogger;
  /** Where `rpc_password_env` is looked up. */
  readonly environment?: (name: string) => string | undefined;
};

/** A 4 MB block in hex and some room. */
const RESPONSE_BYTES_MAX = 16 << 20;

/** Bitcoin Core and btcd by URL, with a scanner and an index of our own. Opens nothing; `start` does. */
export const bitcoin =
  (config: BitcoinConfig) =>
  (components: BitcoinComponents): BitcoinChain & LifeCycle => {
    const authorization = authorizationOf(config, components.environment ?? ((name) => process.env[name]));
    const { rpc_timeout_ms: timeoutMs, rpc_urls: urls } = config;
    const rpcs = urls.map((url) => connectRpc({ url, authorization, timeoutMs, maxResponseBytes: RESPONSE_BYTES_MAX }));
    const params = paramsOf(components.network);
    const nodes = new NodePool(rpcs, params, config.poll_interval_ms);
    const view = new BitcoinView({
      params,
      nodes,
      nodeCount: rpcs.length,
      reorgDepthMax: config.reorg_depth_max,
      ...(config.start_height === undefined ? {} : { startHeight: config.start_height }),
      indexFile: join(components.dataDir, 'chain.sqlite'),
      pollIntervalMs: config.poll_interval_ms,
      disagreementMs: config.disagreement_ms,
      logger: components.logger ?? silent,
    });
    const codec = transactionCodec(components.network);
    return {
      view,
      codec,
      broadcaster: broadcaster({ nodes: () => nodes.all(), codec, isConfirmedSpend: (txid) => view.hasSpender(txid) }),
      fees: feeSource({
        nodes: () => nodes.all(),
        floorSatsPerKvb: config.fee_floor_sats_per_kvb,
        capSatsPerKvb: config.fee_cap_sats_per_kvb,
      }),
      start: (signal) => view.start(signal),
      stop: () => view.stop(),
      health: () => view.health(),
      describe: () => view.describe(),
    };
  };

export const plugin: Plugin<BitcoinConfig, BitcoinComponents, BitcoinChain & LifeCycle> = {
  manifest: {
    kind: 'chain',
    name: 'bitcoin',
    contractVersion: CONTRACT_VERSION,
    summary: 'Bitcoin Core or btcd by URL, one or several, with an own scanner and index',
    capabilities: ['reorg', 'spends', 'back-scan', 'key-path', 'script-path', 'persistent'],
    irreversible: ['broadcaster.submit'],
    configSchema: z.toJSONSchema(bitcoinConfigSchema, { io: 'input' }),
  },
  parse: parseBitcoinConfig,
  create: bitcoin,
};
