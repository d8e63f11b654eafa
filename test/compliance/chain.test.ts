import { expect, test } from '@jest/globals';
import { startBtcd } from '../../devnet/bitcoin/btcd.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import { plugin as memory } from '../../plugins/chain/memory/index.ts';
import { MemoryWorld } from '../../plugins/chain/memory/world.ts';
import { chainCompliance } from '../../plugins/testkit/chain.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { chainBitcoinOn } from './rig/chain-bitcoin.ts';

const where: ConfigLocation = { file: 'chain.test.ts', lineOf: () => undefined };
const DEPTH = 6;

chainCompliance('chain/memory', { test, expect }, async () => {
  const dev = new MemoryWorld();
  await dev.mine(10);
  const chain = memory.create(memory.parse({ reorg_depth_max: DEPTH }, where))({ network: 'regtest', world: dev });
  await chain.view.start?.(new AbortController().signal);
  return { chain, dev, network: 'regtest', reorgDepthMax: DEPTH, stop: async () => chain.view.stop?.() };
});

chainBitcoinOn({ title: 'btcd', start: async (options) => startBtcd({ ...options, binary: await toolPath('btcd') }) });
