import { join } from 'node:path';
import { expect } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { cachedBundle } from '../../workers/bundle.ts';
import { liveTest } from '../e2e/rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { spendsSeenBy } from '../../devnet/spends-seen.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { FaultLog } from './rig/fault-log.ts';

/** What is left when all faults are over. */
export function afterwardsScenes(live: () => LiveNetwork, log: FaultLog): void {
  const scene = liveTest.bind(undefined, 'afterwards');

  scene(
    'every deposit was spent exactly once, to its recorded script, and every Bitcoin node says so',
    live,
    async (net) => {
      expect(log.paid.length).toBeGreaterThan(1);
      for (const { outpoint, fromHeight, payoutScript } of log.paid) {
        for (const node of net.nodes) {
          const spends = await spendsSeenBy(node, outpoint, fromHeight);
          expect(spends).toHaveLength(1);
          expect(spends[0]?.scripts).toEqual([payoutScript]);
        }
      }
      process.stdout.write(`    ${log.paid.length} deposits, ${log.strikes.length} kills\n`);
    },
  );

  scene(
    'every run is over, or waits for what only a person can give, and every history replays on this code',
    live,
    async (net) => {
      const folder = join(net.data, '..', 'histories');
      mkdirSync(folder, { recursive: true });
      Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
      const codePath = await cachedBundle();
      const open: string[] = [];
      let replayed = 0;
      try {
        for await (const { workflowId, status } of net.client.workflow.list()) {
          if (status.name !== 'COMPLETED') open.push(`${workflowId} ${status.name}`);
          const history = await net.client.workflow.getHandle(workflowId).fetchHistory();
          writeFileSync(join(folder, `${workflowId.replaceAll('/', '-')}.json`), historyToJSON(history));
          await Worker.runReplayHistory({ workflowBundle: { codePath }, replayName: workflowId }, history, workflowId);
          replayed += 1;
        }
      } finally {
        await Runtime.instance().shutdown();
      }
      process.stdout.write(`    ${replayed} histories replayed\n`);
      // A confirmed deposit waits for the holder of the release key, who was never asked in the scene of the moved one.
      expect(open.filter((each) => !/^confirmDeposit\/\S+ RUNNING$/.test(each))).toEqual([]);
      expect(open.length).toBeLessThanOrEqual(1);
      expect(replayed).toBeGreaterThan(10);
    },
  );
}
