import { join } from 'node:path';
import { expect } from '@jest/globals';
import { liveTest } from './rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { firebreak } from './rig/node-process.ts';
import { done, on } from './rig/operator.ts';
import { untilSettled } from './rig/payouts.ts';

const PAY_TO = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const PROMISED_SATS = 1_000_000;

/** What docs/operations/custody.md has a reader type: a vault of one's own, its deposit, its payout. */
export function byHandScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'by hand');
  /** A process of its own, as it runs for an operator; these verbs are the devnet's program. */
  const devnet = (...args: readonly string[]) => firebreak(['devnet', ...args, '--json']);

  scene('a vault is opened, funded from the faucet and paid out with the verbs of the guide', live, async (net) => {
    const { ownerKey } = net.layout.owner;
    const open = ['vault', 'open', '--owner-key', ownerKey, '--pay-to', PAY_TO, '--amount', String(PROMISED_SATS)];
    const vault = String((await done(on(net, ...open, '--yes')))['vault']);
    const funded = await devnet('fund', vault, '--data', net.data);
    expect([funded.code, funded.err]).toEqual([0, '']);
    expect(JSON.parse(funded.out)).toMatchObject({ vault, amountSats: PROMISED_SATS, deposit: 'confirmed' });
    const started = await done(on(net, 'payout', vault, '--release-key', ownerKey, '--yes', '--no-wait'));
    const paid = await untilSettled(net, net.client.workflow.getHandle(String(started['workflowId'])));
    expect(paid.payoutSats + paid.feeSats).toBe(PROMISED_SATS);
  });

  scene('blocks come when they are asked for, and from no folder that is not a devnet', live, async (net) => {
    const { height } = await net.chain.tip();
    expect(JSON.parse((await devnet('mine', '2', '--data', net.data)).out)).toMatchObject({ blocks: 2 });
    expect((await net.chain.tip()).height).toBeGreaterThanOrEqual(height + 2);
    const elsewhere = await devnet('mine', '--data', join(net.data, 'owner'));
    expect([elsewhere.code, elsewhere.out]).toEqual([2, expect.stringContaining('input.not-a-devnet')]);
  });
}
