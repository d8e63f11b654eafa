import { expect } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import {
  startSweepVaults,
  SWEEP_VAULTS,
  type SweepVaultsInput,
  type SweepVaultsResult,
} from '../../workflows/sweep-vaults/messages.ts';
import { BLOB, heldVaults, NETWORK, sweepList } from './rig/scripted.ts';
import { onSkippingServer, type Script, type SkippingServer } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const HOUR = 3_600;

let epochs = 0;
const sweep = (server: SkippingServer, script: Script, change: Partial<SweepVaultsInput> = {}) => {
  epochs += 2;
  const input: SweepVaultsInput = {
    network: NETWORK,
    fromEpoch: epochs,
    toEpoch: epochs + 1,
    certificate: BLOB.digest,
    step: 'sweep',
    proof: BLOB,
    epochs: BLOB,
    ...change,
  };
  return server.live<SweepVaultsInput, SweepVaultsResult>(
    SWEEP_VAULTS,
    (taskQueue) => startSweepVaults(input, taskQueue),
    script,
  );
};

waiting('validators that list nothing are asked again for two hours, and then an operator is told', async (server) => {
  const { result, tookSeconds } = await sweep(server, {
    listSweep: async () => ({ kind: 'not-yet', reason: '9 of 10 needed validators listed their vaults' }),
  });
  expect(result).toMatchObject({ outcome: 'refused', swept: 0, refusal: { code: 'unavailable.validators' } });
  expect(tookSeconds).toBeGreaterThan(2 * HOUR);
  expect(tookSeconds).toBeLessThan(4 * HOUR);
});

waiting('votes that run out between two passes end the sweep with their code', async (server) => {
  let lists = 0;
  const { result } = await sweep(server, {
    listSweep: async () => {
      lists += 1;
      if (lists === 1) return sweepList(1);
      throw ApplicationFailure.create({ type: 'policy.vote-expired', message: 'over', nonRetryable: true });
    },
    sweepListPart: async () => heldVaults(1),
    planSweep: async () => ({ kind: 'not-yet', reason: 'no deposit is 6 blocks deep' }),
  });
  expect(result).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.vote-expired' } });
});
