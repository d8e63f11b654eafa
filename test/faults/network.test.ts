import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { startWatchdog } from '../../devnet/network.ts';
import { freePortBase } from '../e2e/rig/free-ports.ts';
import { type LiveNetwork, startLiveNetwork } from '../../devnet/live-network.ts';
import { afterwardsScenes } from './afterwards.ts';
import { canaryScenes } from './canary.ts';
import { damageScenes } from './damage.ts';
import { killScenes } from './kills.ts';
import { nodeTroubleScenes, proxyTheVictims, stopProxies } from './node-trouble.ts';
import { nonceScenes } from './nonces.ts';
import { reorgScenes } from './reorgs.ts';
import { faultLog } from './rig/fault-log.ts';

/**
 * One network of real processes, from its first key on, under every fault of this folder; the last scenes look at everything that
 * it left: coins, histories, nonces, and every byte that it wrote. The scenes share it, in this order.
 */
const root = mkdtempSync(join(tmpdir(), 'firebreak-faults-'));
const log = faultLog();
let live: LiveNetwork | undefined;

const network = (): LiveNetwork => {
  if (live === undefined) throw new Error('the network is not up');
  return live;
};

beforeAll(async () => {
  live = await startLiveNetwork({
    data: join(root, 'devnet'),
    portBase: await freePortBase(),
    keystore: 'file',
    configure: proxyTheVictims,
  });
}, 200_000);

afterAll(async () => {
  await live?.stop();
  await stopProxies();
  rmSync(root, { recursive: true, force: true });
});

describe('kills', () => killScenes(network, log));
describe('reorgs', () => reorgScenes(network, log));
describe('Bitcoin nodes', () => nodeTroubleScenes(network, log));
describe('damage', () => damageScenes(network));
describe('afterwards', () => afterwardsScenes(network, log));
describe('nonces', () => nonceScenes(network));
describe('canary', () => {
  // Last, since its sight of these faults would page; what it says of itself is searched as well.
  beforeAll(() => startWatchdog(network()));
  canaryScenes(network);
});
