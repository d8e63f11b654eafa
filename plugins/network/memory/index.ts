import { z } from 'zod';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { ValidatorNetwork } from '../../../domain/ports/validator-network.ts';
import { parseSection } from '../../config-failure.ts';
import { MemoryNetwork, type MemoryNetworkComponents } from './network.ts';

const schema = z.strictObject({});
export type MemoryNetworkConfig = Readonly<Record<string, never>>;

export const memory =
  (_config: MemoryNetworkConfig) =>
  (components: MemoryNetworkComponents): ValidatorNetwork =>
    new MemoryNetwork(components);

export const plugin: Plugin<MemoryNetworkConfig, MemoryNetworkComponents, ValidatorNetwork> = {
  manifest: {
    kind: 'network',
    name: 'memory',
    contractVersion: CONTRACT_VERSION,
    summary: 'Validators as functions in one process, for tests and for outside authors to compare with',
    capabilities: ['ask', 'ask-many'],
    irreversible: [],
    configSchema: z.toJSONSchema(schema) as Record<string, unknown>,
  },
  parse: (input, where) => {
    parseSection(schema, input, where);
    return {};
  },
  create: memory,
};
