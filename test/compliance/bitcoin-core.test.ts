import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bitcoindPath, cookieFileOf, startBitcoinCore } from '../../devnet/bitcoin/bitcoin-core.ts';
import { startBtcd } from '../../devnet/bitcoin/btcd.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import { plugin as bitcoin } from '../../plugins/chain/bitcoin/index.ts';
import { reach, until } from '../../plugins/testkit/chain.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { chainBitcoinOn } from './rig/chain-bitcoin.ts';

const where: ConfigLocation = { file: 'bitcoin-core.test.ts', lineOf: () => undefined };
/** Views look at the first two nodes, which are Core, and at the third, which is btcd: what one program takes has to be right for the other. */
const BTCD_AT = 2;
const folders = new Map<number, string>();

const nodes = chainBitcoinOn({
  title: 'Bitcoin Core beside btcd',
  start: async (options, position) => {
    folders.set(position, options.dir);
    return position === BTCD_AT
      ? startBtcd({ ...options, binary: await toolPath('btcd') })
      : startBitcoinCore({ ...options, binary: await bitcoindPath() });
  },
});

test('the cookie that Core writes anew at each start is read anew', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'firebreak-cookie-'));
  const section = {
    rpc_url: nodes().nodes[0]?.url,
    rpc_cookie_file: cookieFileOf(folders.get(0) ?? ''),
    poll_interval_ms: 50,
  };
  const { view } = bitcoin.create(bitcoin.parse(section, where))({ dataDir, network: 'regtest' });
  await view.start?.(new AbortController().signal);
  try {
    const chain = { view } as Parameters<typeof reach>[0];
    await reach(chain, (await nodes().chain.mine(1))[0]);
    // The first leaves its old cookie behind, the second takes it along.
    for (const end of ['kill', 'stop'] as const) {
      await nodes().nodes[0]?.[end]();
      await until(() => view.status().trouble?.code === 'unavailable.node-down', 'the outage');
      await nodes().restart(0);
      await reach(chain, (await nodes().chain.mine(1))[0]);
    }
    await until(() => view.status().trouble === undefined, 'the recovery');
    expect(view.status().synced).toBe(true);
  } finally {
    await view.stop?.();
    await rm(dataDir, { recursive: true, force: true });
  }
});
