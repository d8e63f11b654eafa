import { expect } from '@jest/globals';
import { runCopy, takeCopy } from '../../devnet/copy.ts';
import { validatorIds } from '../../devnet/layout.ts';
import { type ValidatorId, validatorId, validatorName } from '../../domain/network/network.ts';
import { liveTest } from './rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { fundedVault, startPayout, untilSettled } from './rig/payouts.ts';
import { until } from '../../devnet/until.ts';
import { canSign, isReady, metricIn, metricsPage, type Said, untilAll } from './rig/validator-http.ts';

/** Six are copied, so that one of them is among any ten signers. */
const COPIED = [2, 3, 5, 7, 9, 12].map(validatorId);
const NOTICED_MS = 90_000;
/** A minute after the last word, and what a loaded machine takes. */
const CLEARED_MS = 100_000;

const scene = liveTest.bind(undefined, 'copies');
/** The copied one, once its copy has ended. */
let alone: ValidatorId | undefined;

/** Of whom an old copy lies there that does not know what was signed since. */
export function copiedOnce(): ValidatorId {
  if (alone === undefined) throw new Error('no copy has ended');
  return alone;
}

/** Somebody runs a copy of a validator's folder: peers measure it, and both processes stand aside. */
export function copyScenes(live: () => LiveNetwork): void {
  scene(
    'ten validators and more measure an old copy within seconds, neither process signs, and payouts go on',
    live,
    async (net) => {
      for (const id of COPIED) takeCopy(net.layout, net.ports, id);
      const before = await untilSettled(net, await startPayout(net, await fundedVault(net)));
      const suspect = COPIED.find((id) => before.signers.includes(id));
      if (suspect === undefined)
        throw new Error(`none of ${COPIED.join(', ')} signed, but ${before.signers.join(', ')}`);

      const copy = await runCopy(net, suspect);
      try {
        await seenBy(net, suspect, 'firebreak_identity_seen_twice', 10, NOTICED_MS);
        await seenBy(net, suspect, 'firebreak_validator_copy_running', 10, NOTICED_MS);
        await standsAside('the original', () => canSign(net, suspect));
        await standsAside('the copy', async () => (await (await fetch(`${copy.health}/can-sign`)).json()) as Said);
        const { signers } = await untilSettled(net, await startPayout(net, await fundedVault(net)));
        expect(signers).not.toContain(suspect);
      } finally {
        await copy.stop();
      }
      alone = suspect;
    },
  );
}

/** It is over when one of the two is; the scenes before this one went on meanwhile. */
export function clearedScenes(live: () => LiveNetwork): void {
  scene(
    'what was measured of a copy clears when the copy has ended, and its validator signs again',
    live,
    async (net) => {
      await seenBy(net, copiedOnce(), 'firebreak_identity_seen_twice', 0, CLEARED_MS);
      await untilAll(net, 'ready again', isReady, CLEARED_MS);
      expect((await canSign(net, copiedOnce()))['can_sign']).toBe(true);
    },
  );
}

const standsAside = (who: string, ask: () => Promise<Said>) =>
  until(`${who} standing aside`, { timeoutMs: NOTICED_MS }, async () => {
    const said = await ask();
    return said['can_sign'] === false && JSON.stringify(said['reasons']).includes('not-yet.identity-twice');
  });

/** How many of the others measure it; `wanted` 0: nobody any more, else so many at least. */
const seenBy = (net: LiveNetwork, suspect: ValidatorId, metric: string, wanted: number, timeoutMs: number) =>
  until(`${metric} at ${wanted} validators`, { timeoutMs, everyMs: 500 }, async () => {
    const others = validatorIds().filter((id) => id !== suspect);
    const label = `,validator="${validatorName(suspect)}"`;
    const values = await Promise.all(
      others.map(async (id) => metricIn(await metricsPage(net, id), metric, label) ?? 0),
    );
    const seen = values.reduce((sum, value) => sum + value, 0);
    if (wanted === 0 ? seen === 0 : seen >= wanted) return true;
    throw new Error(`${seen} measure it`);
  });
