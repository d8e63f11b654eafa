import { z } from 'zod';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { ValidatorNetwork } from '../../../domain/ports/validator-network.ts';
import { type Libp2pNetworkConfig, libp2pNetworkSchema, parseLibp2pNetworkConfig } from './config.ts';
import { type Libp2pNetworkComponents, Libp2pNetwork } from './network.ts';

export const libp2p =
  (config: Libp2pNetworkConfig) =>
  (components: Libp2pNetworkComponents): ValidatorNetwork =>
    new Libp2pNetwork(config, components);

export const plugin: Plugin<Libp2pNetworkConfig, Libp2pNetworkComponents, ValidatorNetwork> = {
  manifest: {
    kind: 'network',
    name: 'libp2p',
    contractVersion: CONTRACT_VERSION,
    summary: 'Reaches the custody validators of a pinned roster over TCP, noise and yamux',
    capabilities: ['ask', 'ask-many', 'reconnect'],
    irreversible: [],
    configSchema: z.toJSONSchema(libp2pNetworkSchema) as Record<string, unknown>,
  },
  parse: parseLibp2pNetworkConfig,
  create: libp2p,
};
