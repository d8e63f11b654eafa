import { join } from 'node:path';
import { expect } from '@jest/globals';
import { validatorIds } from '../../devnet/layout.ts';
import { workerNames } from '../../devnet/network.ts';
import { validatorId, validatorName } from '../../domain/network/network.ts';
import type { PayOutResult } from '../../workflows/pay-out/messages.ts';
import { resultOf } from '../../devnet/engine.ts';
import { liveTest } from './rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { done, on, refusalIn } from './rig/operator.ts';
import { type Funded, fundedVault, startPayout, untilSettled } from './rig/payouts.ts';
import { until } from '../../devnet/until.ts';
import { isReady, metricIn, metricsPage, statusOf, untilAll } from './rig/validator-http.ts';

const HANDED_TO = validatorId(3);
const AWAY = validatorId(11);

/** Freeze and lift, from the members' signatures to what fifteen validators do. */
export function orderScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'orders');
  let funded: Funded | undefined;
  let freeze = 0;

  async function signedBy(net: LiveNetwork, file: string, members: readonly number[]): Promise<void> {
    for (const member of members) {
      await done(on(net, 'order', 'sign', file, '--key', net.layout.committee.member(member), '--yes'));
    }
  }
  const fileOf = (net: LiveNetwork, name: string): string => join(net.data, `order-${name}.json`);
  const send = (net: LiveNetwork, file: string) => on(net, 'order', 'send', file, '--to', validatorName(HANDED_TO));

  scene(
    'three of ten members freeze all validators through one of them, with Temporal and every worker dead; two do not',
    live,
    async (net) => {
      funded = await fundedVault(net);
      for (const name of ['temporal', ...workerNames()]) await net.supervisor.hold(name);
      await net.supervisor.hold(validatorName(AWAY));
      const file = fileOf(net, 'freeze');
      const made = await done(on(net, 'order', 'make', 'freeze', '--reason', 'a test of brakes', '--out', file));
      freeze = (made['order'] as { readonly number: number }).number;
      await signedBy(net, file, [1, 2]);
      expect(refusalIn(await send(net, file))).toBe('policy.order-quorum');
      await signedBy(net, file, [3]);
      expect(await done(send(net, file))).toMatchObject({ validator: HANDED_TO, number: freeze });
      const here = validatorIds().filter((id) => id !== AWAY);
      await untilAll(net, 'the freeze', (said) => said['order_number'] === freeze, 20_000, here);
      for (const id of here) {
        expect(Number((await statusOf(net, id))['frozen_until_seconds'])).toBeGreaterThan(Date.now() / 1000);
        const page = await metricsPage(net, id);
        expect(metricIn(page, 'firebreak_frozen')).toBe(1);
        expect(metricIn(page, 'firebreak_order_number')).toBe(freeze);
      }
    },
  );

  scene('a validator that was down during the freeze knows it before it is ready', live, async (net) => {
    net.supervisor.release(validatorName(AWAY));
    const states: string[] = [];
    const first = await until('the validator being ready again', { timeoutMs: 150_000, everyMs: 20 }, async () => {
      const said = await statusOf(net, AWAY);
      const state = `${String(said['state'])} knowing order ${String(said['order_number'])}`;
      if (states.at(-1) !== state) states.push(state);
      return isReady(said) ? said : undefined;
    });
    expect(states.filter((state) => state.startsWith('ready'))).toEqual([`ready knowing order ${freeze}`]);
    expect(Number(first['frozen_until_seconds'])).toBeGreaterThan(Date.now() / 1000);
  });

  scene('a payout is refused while payouts are frozen, and nothing of it was signed', live, async (net) => {
    for (const name of ['temporal', ...workerNames()]) net.supervisor.release(name);
    if (funded === undefined) throw new Error('the first scene made no vault');
    const handle = await until('Temporal taking a payout', { timeoutMs: 90_000 }, () =>
      startPayout(net, funded as Funded),
    );
    const result = await resultOf<PayOutResult>(handle, 150_000);
    expect(result).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.frozen' } });
  });

  scene(
    'seven members lift the freeze, six do not, an older number is refused, and the payout goes through',
    live,
    async (net) => {
      const lift = fileOf(net, 'lift');
      await done(on(net, 'order', 'make', 'lift', '--reason', 'the test is over', '--out', lift));
      await signedBy(net, lift, [1, 2, 3, 4, 5, 6]);
      expect(refusalIn(await send(net, lift))).toBe('policy.order-quorum');
      await signedBy(net, lift, [7]);
      expect(await done(send(net, lift))).toMatchObject({ number: freeze + 1, frozenUntilSeconds: 0 });
      await untilAll(net, 'the lift', (said) => said['order_number'] === freeze + 1, 90_000);
      // The old freeze still has its three signatures and its time; its number is what makes it history.
      expect(refusalIn(await send(net, fileOf(net, 'freeze')))).toBe('conflict.order-number');
      if (funded === undefined) throw new Error('the first scene made no vault');
      const settled = await untilSettled(net, await startPayout(net, funded));
      expect(settled.signers).toHaveLength(10);
    },
  );
}
