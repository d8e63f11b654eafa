import { expect } from '@jest/globals';
import { NETWORK_NAME } from '../../devnet/layout.ts';
import { makeVault, type OpenedVault } from '../../devnet/story.ts';
import {
  closeDepositUpdate,
  confirmDepositId,
  type DepositReport,
  depositQuery,
  type DepositState,
} from '../../workflows/confirm-deposit/messages.ts';
import type { PayOutResult } from '../../workflows/pay-out/messages.ts';
import { resultOf } from '../../devnet/engine.ts';
import { liveTest } from '../e2e/rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import {
  CONFIRMATIONS,
  DEPOSIT_SATS,
  fundedVault,
  mineWhileItSettles,
  progressOf,
  startPayout,
} from '../e2e/rig/payouts.ts';
import { spendsSeenBy } from '../../devnet/spends-seen.ts';
import { until } from '../../devnet/until.ts';
import type { FaultLog } from './rig/fault-log.ts';
import { payoutScriptOf } from '../../devnet/fresh-terms.ts';

const STATE_MS = 150_000;

/** What is in a block is not yet what has happened. */
export function reorgScenes(live: () => LiveNetwork, log: FaultLog): void {
  const scene = liveTest.bind(undefined, 'reorgs');

  scene('a deposit that moves to another block is named, buried again, and only then confirmed', live, async (net) => {
    const opened = await makeVault(net);
    await net.chain.fund(opened.script, DEPOSIT_SATS);
    const [block] = await net.chain.mine(1);
    await untilState(net, opened, 'seen');
    await net.chain.forkFrom((block?.height ?? 0) - 1, 2);
    await untilState(net, opened, 'moved-by-reorg');
    await net.chain.mine(CONFIRMATIONS);
    const report = await untilState(net, opened, 'confirmed');
    expect(report.history.map(({ state }) => state)).toEqual(['seen', 'moved-by-reorg', 'confirmed']);
    expect(report.outputs).toHaveLength(1);
    expect(report.outputs[0]?.block.hash).not.toBe(block?.hash);
  });

  scene(
    'a deposit that a reorg replaces by another spend of its coins has vanished, and its watch can be closed',
    live,
    async (net) => {
      const opened = await makeVault(net);
      await net.chain.fund(opened.script, DEPOSIT_SATS);
      const [block] = await net.chain.mine(1);
      await untilState(net, opened, 'seen');
      await net.chain.forkFrom((block?.height ?? 0) - 1, 2, { drop: true });
      const report = await untilState(net, opened, 'vanished-by-reorg');
      expect(report.history.map(({ state }) => state)).toEqual(['seen', 'vanished-by-reorg']);
      const handle = net.client.workflow.getHandle(confirmDepositId(NETWORK_NAME, opened.vault));
      await handle.executeUpdate(closeDepositUpdate, { args: [{ reason: 'the depositor took the coins back' }] });
      expect(await handle.result()).toMatchObject({ outcome: 'closed' });
    },
  );

  scene('a payout that a reorg takes out of the chain is mined again with the same bytes', live, async (net) => {
    const funded = await fundedVault(net);
    const handle = await startPayout(net, funded);
    await until(
      'the payout settling',
      { timeoutMs: STATE_MS },
      async () => (await progressOf(handle)).phase === 'settling',
    );
    const { outpoint, height } = funded.deposit;
    const first = await until('the payout in a block', { timeoutMs: STATE_MS, everyMs: 300 }, async () => {
      await net.chain.mine(1);
      return (await spendsSeenBy(net.nodes[0], outpoint, height))[0];
    });
    await until('the payout counted', { timeoutMs: STATE_MS }, async () => (await progressOf(handle)).have > 0);
    const { height: tip } = await net.chain.tip();
    await net.chain.forkFrom(first.height - 1, tip - first.height + 2, { drop: true });
    expect(await spendsSeenBy(net.nodes[0], outpoint, height)).toEqual([]);
    await until(
      'the page saying so',
      { timeoutMs: STATE_MS },
      async () => (await progressOf(handle)).phase === 'unsettled-by-reorg',
    );
    const over = new AbortController();
    const mining = mineWhileItSettles(net, handle, over.signal);
    const settled = await resultOf<PayOutResult>(handle, STATE_MS).finally(() => over.abort());
    await mining;
    expect(settled).toMatchObject({ outcome: 'settled', txid: first.txid });
    log.paid.push({ outpoint, fromHeight: height, payoutScript: payoutScriptOf(net) });
  });
}

const untilState = (net: LiveNetwork, { vault }: OpenedVault, state: DepositState): Promise<DepositReport> =>
  until(`the deposit being ${state}`, { timeoutMs: STATE_MS }, async () => {
    const report = await net.client.workflow.getHandle(confirmDepositId(NETWORK_NAME, vault)).query(depositQuery);
    if (report.state === state) return report;
    throw new Error(`it is ${report.state}`);
  });
