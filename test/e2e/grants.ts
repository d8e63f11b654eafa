import { join } from 'node:path';
import { expect } from '@jest/globals';
import { memberName, validatorIds } from '../../devnet/layout.ts';
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

const HANDED_TO = validatorId(4);
const AWAY = validatorId(12);

/** A freeze that was allowed beforehand, from the holder's key to what fifteen validators do. */
export function grantScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'grants');
  let funded: Funded | undefined;
  const fileOf = (net: LiveNetwork, name: string): string => join(net.data, `grant-${name}.json`);
  const keyOf = (net: LiveNetwork, member: number) => ['--key', net.layout.committee.member(member), '--yes'];
  const use = (net: LiveNetwork) =>
    on(net, 'grant', 'use', fileOf(net, 'use'), '--grant', fileOf(net, 'glass'), '--to', validatorName(HANDED_TO));

  scene(
    'one holder of break-glass freezes all validators through one of them, with Temporal and every worker dead',
    live,
    async (net) => {
      funded = await fundedVault(net);
      const glass = fileOf(net, 'glass');
      const limits = ['--uses', '1', '--freeze-for', '1h', '--valid-for', '1d', '--number', '2'];
      const holders = ['--holder', memberName(1), memberName(2), '--reason', 'a test of brakes'];
      await done(on(net, 'grant', 'make', ...limits, ...holders, '--out', glass));
      for (const member of [1, 2, 3, 4, 5, 6, 7]) await done(on(net, 'grant', 'sign', glass, ...keyOf(net, member)));
      for (const name of ['temporal', ...workerNames()]) await net.supervisor.hold(name);
      await net.supervisor.hold(validatorName(AWAY));

      const file = fileOf(net, 'use');
      const made = await done(on(net, 'grant', 'make-use', glass, '--for', '30m', '--out', file));
      expect(refusalIn(await use(net))).toBe('policy.grant-holder');
      await done(on(net, 'grant', 'sign-use', file, '--grant', glass, ...keyOf(net, 2)));
      const number = (made['use'] as { readonly afterOrder: number }).afterOrder;
      const answer = await done(use(net));
      expect(answer).toMatchObject({ validator: HANDED_TO, number, reviewDueAtSeconds: expect.any(Number) });
      const here = validatorIds().filter((id) => id !== AWAY);
      const frozenUntil = answer['frozenUntilSeconds'];
      await untilAll(net, 'the freeze', (said) => said['frozen_until_seconds'] === frozenUntil, 20_000, here);
      for (const id of here) {
        expect(await statusOf(net, id)).toMatchObject({ order_number: number, frozen_by: { kind: 'break-glass' } });
        expect(metricIn(await metricsPage(net, id), 'firebreak_grant_uses')).toBeGreaterThan(0);
      }
      net.supervisor.release(validatorName(AWAY));
      const first = await until('the validator being ready again', { timeoutMs: 150_000, everyMs: 20 }, async () => {
        const said = await statusOf(net, AWAY);
        return isReady(said) ? said : undefined;
      });
      expect(first).toMatchObject({ frozen_until_seconds: frozenUntil, frozen_by: { kind: 'break-glass' } });
    },
  );

  scene(
    'a payout is refused meanwhile, a lift of seven ends it everywhere, and the payout goes through',
    live,
    async (net) => {
      for (const name of ['temporal', ...workerNames()]) net.supervisor.release(name);
      if (funded === undefined) throw new Error('the first scene made no vault');
      const handle = await until('Temporal taking a payout', { timeoutMs: 90_000 }, () =>
        startPayout(net, funded as Funded),
      );
      expect(await resultOf<PayOutResult>(handle, 150_000)).toMatchObject({
        outcome: 'refused',
        refusal: { code: 'policy.frozen' },
      });
      const lift = fileOf(net, 'lift');
      await done(on(net, 'order', 'make', 'lift', '--reason', 'the test is over', '--out', lift));
      for (const member of [1, 2, 3, 4, 5, 6, 7]) await done(on(net, 'order', 'sign', lift, ...keyOf(net, member)));
      await done(on(net, 'order', 'send', lift, '--to', validatorName(HANDED_TO)));
      await untilAll(net, 'the lift', (said) => said['frozen_until_seconds'] === null, 90_000);
      // The use has its signature and its time still; the lift came after it.
      expect(refusalIn(await use(net))).toBe('conflict.grant-passed');
      const settled = await untilSettled(net, await startPayout(net, funded));
      expect(settled.signers).toHaveLength(10);
    },
  );
}
