import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { nodeOf, validatorIds } from '../../devnet/layout.ts';
import type { Network } from '../../devnet/network.ts';
import { LOOPBACK } from '../../devnet/ports.ts';
import { type ValidatorId, validatorId, validatorName } from '../../domain/network/network.ts';
import { liveTest } from '../e2e/rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { fundedVault, startPayout, untilSettled } from '../e2e/rig/payouts.ts';
import { until } from '../../devnet/until.ts';
import { canSign, isReady, statusOf, untilAll } from '../e2e/rig/validator-http.ts';
import type { FaultLog } from './rig/fault-log.ts';
import { payoutScriptOf } from '../../devnet/fresh-terms.ts';
import {
  honest,
  type Lie,
  lyingMerkleRoot,
  type NodeProxy,
  nodeProxy,
  otherNetwork,
  prunedNode,
} from './rig/node-proxy.ts';

const DOWN_NODE = 2;
const SLOW_NODE = 3;
const behind = (node: number): readonly ValidatorId[] => validatorIds().filter((id) => nodeOf(id) === node);

/** Each lie has its own victim, so that all of them are told at the same time. */
const LIES: readonly { readonly victim: ValidatorId; readonly lie: Lie; readonly code: string }[] = [
  { victim: validatorId(13), lie: lyingMerkleRoot, code: 'policy.node-lies' },
  { victim: validatorId(14), lie: otherNetwork, code: 'policy.wrong-network' },
  { victim: validatorId(15), lie: prunedNode, code: 'policy.node-pruned' },
];
const proxies = new Map<ValidatorId, NodeProxy>();

/** Puts a proxy before the Bitcoin node of each victim; it passes everything on until the scene begins. */
export async function proxyTheVictims({ layout, ports }: Network): Promise<void> {
  for (const { victim } of LIES) {
    const direct = `http://${LOOPBACK}:${ports.bitcoinRpc(nodeOf(victim))}/`;
    const proxy = await nodeProxy(direct);
    proxies.set(victim, proxy);
    const { config } = layout.validator(victim);
    const text = readFileSync(config, 'utf8');
    const through = text.replace(direct, proxy.url);
    if (through === text) throw new Error(`${config} does not name ${direct}`);
    writeFileSync(config, through);
  }
}

export const stopProxies = async (): Promise<void> => {
  await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
};

/** A validator believes its own node only as far as it can check, and is not there while it cannot. */
export function nodeTroubleScenes(live: () => LiveNetwork, log: FaultLog): void {
  const scene = liveTest.bind(undefined, 'Bitcoin nodes');

  scene(
    'a node that is down takes its five validators out, the other ten pay, and all return with it',
    live,
    async (net) => {
      const funded = await fundedVault(net);
      await net.supervisor.hold(`bitcoin-${DOWN_NODE}`);
      try {
        await untilOut(net, behind(DOWN_NODE), 'unavailable.node-down');
        // One of the two workers looks through the same node: what it watches, the other one takes over.
        const settled = await untilSettled(net, await startPayout(net, funded, { sessionSeconds: 8 }));
        expect(settled.signers.filter((id) => nodeOf(id) === DOWN_NODE)).toEqual([]);
        const { outpoint, height } = funded.deposit;
        log.paid.push({ outpoint, fromHeight: height, payoutScript: payoutScriptOf(net) });
      } finally {
        net.supervisor.release(`bitcoin-${DOWN_NODE}`);
      }
      await untilBack(net);
    },
  );

  scene('a node that hangs is named as slow, and its validators return when it answers again', live, async (net) => {
    const service = net.supervisor.service(`bitcoin-${SLOW_NODE}`);
    service?.signal('SIGSTOP');
    try {
      await untilOut(net, behind(SLOW_NODE), 'unavailable.node-slow');
    } finally {
      service?.signal('SIGCONT');
    }
    await untilBack(net);
  });

  scene(
    'a node that lies, serves another network or has thrown blocks away is named, and nothing of it is used',
    live,
    async (net) => {
      for (const { victim, lie } of LIES) tell(victim, lie);
      await net.chain.mine(1);
      await Promise.all(LIES.map(({ victim, code }) => untilOut(net, [victim], code)));
      const before = new Map(await heights(net));
      const [block] = await net.chain.mine(1);
      const victims = LIES.map(({ victim }) => victim);
      const others = validatorIds().filter((id) => !victims.includes(id));
      await untilAll(net, 'the next block', (said) => said['tip_height'] === block?.height, 20_000, others);
      // Whoever was lied to stands where it stood: not one block of the lie was taken.
      for (const victim of victims) expect((await statusOf(net, victim))['tip_height']).toBe(before.get(victim));
      for (const { victim } of LIES) tell(victim, honest);
      await untilBack(net);
      const after = new Map(await heights(net));
      expect(new Set(after.values()).size).toBe(1);
    },
  );
}

function tell(victim: ValidatorId, lie: Lie): void {
  const proxy = proxies.get(victim);
  if (proxy === undefined) throw new Error(`${validatorName(victim)} has no proxy`);
  proxy.lie = lie;
}

const heights = (net: LiveNetwork): Promise<readonly (readonly [ValidatorId, unknown])[]> =>
  Promise.all(validatorIds().map(async (id) => [id, (await statusOf(net, id))['tip_height']] as const));

/** All of them say that they cannot sign, and why; everybody else goes on as before. */
async function untilOut(net: LiveNetwork, victims: readonly ValidatorId[], code: string): Promise<void> {
  await until(`${code} at ${victims.map(validatorName).join(', ')}`, { timeoutMs: 150_000 }, async () => {
    for (const id of victims) {
      const said = await canSign(net, id);
      const named = JSON.stringify(said['reasons']).includes(code);
      if (said['can_sign'] !== false || !named) throw new Error(`${validatorName(id)}: ${JSON.stringify(said)}`);
    }
    return true;
  });
  const others = validatorIds().filter((id) => LIES.every(({ victim }) => victim !== id) && !victims.includes(id));
  await untilAll(net, 'unmoved', isReady, 20_000, others);
}

/** A block shows who follows the chain again. */
async function untilBack(net: LiveNetwork): Promise<void> {
  await until('every node taking a block', { timeoutMs: 150_000, everyMs: 500 }, async () => {
    await net.chain.mine(1);
    const counts = await Promise.all(net.nodes.map((node) => node.call('getblockcount', [])));
    return new Set(counts.map((answer) => (answer.ok ? answer.result : undefined))).size === 1;
  });
  const { height } = await net.chain.tip();
  await untilAll(net, `ready at block ${height}`, (said) => isReady(said) && said['tip_height'] === height, 90_000);
}
