import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ValidatorId } from '../../../domain/network/network.ts';
import { memory as memoryChain } from '../../../plugins/chain/memory/index.ts';
import { memory as memoryKeystore } from '../../../plugins/keystore/memory/index.ts';
import { silentLogger } from '../../../telemetry/log.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import { createAgent } from '../../../validator/custody/create-agent.ts';
import type { SigningPolicy } from '../../../validator/custody/dependencies.ts';
import { openJournal } from '../../../validator/custody/journal/open.ts';
import { inProcessSigner } from '../../../validator/custody/signer/in-process.ts';
import { COORDINATOR } from './network.ts';
import type { AgentsOf } from './world.ts';

/** The validators that operators run, without transport: real keys, journals and policies, each with a chain view of its own. */
export const realAgents: AgentsOf = (...world) => agentsBy(Date.now)(...world);

/** With a clock that a test may move, and by rules of its own. */
export const agentsBy =
  (clock: () => number, rules: Partial<SigningPolicy> = {}): AgentsOf =>
  (genesis, identities, dev) => {
    const root = mkdtempSync(join(tmpdir(), 'workflow-agents-'));
    const handlers = new Map<ValidatorId, (bytes: Uint8Array) => Promise<Uint8Array>>();
    const stops: (() => Promise<void>)[] = [];
    for (const [self, identity] of identities) {
      const journal = openJournal(mkdtempSync(join(root, 'validator-')));
      const keystore = memoryKeystore({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
      const signer = inProcessSigner({ self, suite: signingSuite, keystore });
      const { view, codec, fees } = memoryChain({ reorg_depth_max: 20 })({ network: 'regtest', world: dev });
      void view.start?.(AbortSignal.timeout(5_000));
      const policy = {
        confirmationsRequired: 2,
        policyVersion: 1,
        minFeeRateSatsPerKvb: 1_000,
        feeCapSats: 10_000,
        outflowCap: { sats: 1_000_000_000, windowSeconds: 86_400 },
        ...rules,
      };
      const parts = { genesis, self, identity, journal, chain: view, codec, fees, signer, policy };
      const agent = createAgent({ ...parts, clock, logger: silentLogger, version: 'test' });
      agent.setState('ready', []);
      handlers.set(self, (bytes) => agent.handle(bytes, COORDINATOR));
      stops.push(async () => {
        await agent.stop();
        await signer.stop();
        journal.close();
        await view.stop?.();
      });
    }
    return {
      handlers,
      stop: async () => {
        for (const stop of stops) await stop();
        rmSync(root, { recursive: true, force: true });
      },
    };
  };
