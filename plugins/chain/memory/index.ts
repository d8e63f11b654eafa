import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { BitcoinNetwork } from '../../../domain/network/network.ts';
import { type ConfigLocation, CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { BitcoinChain, Broadcaster } from '../../../domain/ports/chain.ts';
import { configFailure } from '../../config-failure.ts';
import { memoryCodec } from './codec.ts';
import { readTx, txidOf } from './transaction.ts';
import { MemoryView } from './view.ts';
import { MemoryWorld } from './world.ts';

export type MemoryChainConfig = { readonly reorg_depth_max: number };
/** Without a world of its own each chain lives in a private one. */
export type MemoryChainComponents = { readonly network: BitcoinNetwork; readonly world?: MemoryWorld };

const DEPTH_USUAL = 6;

export const memory =
  (config: MemoryChainConfig) =>
  (components: MemoryChainComponents): BitcoinChain => {
    const world = components.world ?? new MemoryWorld();
    return {
      view: new MemoryView(world, config.reorg_depth_max),
      broadcaster: broadcasterInto(world),
      fees: {
        estimate: async () =>
          world.crowdSatsPerKvb > 0
            ? { kind: 'estimate', satsPerKvb: world.crowdSatsPerKvb, source: 'what the others pay' }
            : { kind: 'no-estimate', floorSatsPerKvb: 1_000, reason: 'nobody competes for these blocks' },
      },
      codec: memoryCodec(components.network),
    };
  };

function broadcasterInto(world: MemoryWorld): Broadcaster {
  const fate = (txid: string) => {
    if (world.mempool.has(txid)) return 'in-mempool';
    const confirmed = world.blocks.some((block) => block.transactions.some((tx) => txidOf(tx) === txid));
    return confirmed ? 'confirmed' : 'unknown';
  };
  return {
    async submit(transaction) {
      const tx = readTx(transaction);
      const txid = txidOf(tx);
      const known = fate(txid);
      if (known === 'in-mempool') return { txid, outcome: 'already-known' };
      if (known === 'confirmed') return { txid, outcome: 'already-confirmed' };
      try {
        return { txid: world.accept(tx), outcome: 'accepted' };
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : 'refused';
        throw new FirebreakFailure(
          'unknown-outcome.broadcast',
          `transaction ${txid} is not known (${reason})`,
          { txid },
          { cause },
        );
      }
    },
    whatBecameOf: async (txid) => fate(txid),
  };
}

function parse(input: unknown, where: ConfigLocation): MemoryChainConfig {
  const fields = Object.entries(typeof input === 'object' && input !== null ? input : { '(section)': input });
  const stranger = fields.find(([name]) => name !== 'reorg_depth_max');
  if (stranger !== undefined) throw configFailure(where, [stranger[0]], 'is not a setting of the in-memory chain');
  const depth: unknown = fields[0]?.[1] ?? DEPTH_USUAL;
  if (typeof depth !== 'number' || !Number.isSafeInteger(depth) || depth < 1) {
    throw configFailure(where, ['reorg_depth_max'], 'is a whole number of blocks, 1 or more');
  }
  return { reorg_depth_max: depth };
}

export const plugin: Plugin<MemoryChainConfig, MemoryChainComponents, BitcoinChain> = {
  manifest: {
    kind: 'chain',
    name: 'memory',
    contractVersion: CONTRACT_VERSION,
    summary: 'A deterministic chain in one process, for tests and for outside authors to compare with',
    capabilities: ['reorg', 'spends', 'back-scan', 'key-path'],
    irreversible: ['broadcaster.submit'],
    configSchema: {
      type: 'object',
      additionalProperties: false,
      properties: { reorg_depth_max: { type: 'integer', minimum: 1, default: DEPTH_USUAL } },
    },
  },
  parse,
  create: memory,
};
