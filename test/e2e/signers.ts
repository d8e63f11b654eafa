import { expect } from '@jest/globals';
import { watchForRequest } from '../../devnet/request-watch.ts';
import { validatorIds } from '../../devnet/layout.ts';
import { validatorId, type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { liveTest } from './rig/evidence.ts';
import { type LiveNetwork, silence, unsilence } from '../../devnet/live-network.ts';
import { currentDetails, fundedVault, progressOf, startPayout, untilSettled } from './rig/payouts.ts';
import { spendsSeenBy } from '../../devnet/spends-seen.ts';
import { until } from '../../devnet/until.ts';
import { isReady, untilAll } from './rig/validator-http.ts';

const DOWN = [2, 5, 8, 11, 14].map(validatorId);
const SIXTH = validatorId(15);
const BACK = validatorId(14);
const ATTEMPTS_MAX = 3;

/** Ten of fifteen sign: who is silent is replaced, five may be gone, six may not. */
export function signerScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'signers');

  scene(
    'a signer that falls silent after its commitment is replaced, and the payout happens once',
    live,
    async (net) => {
      for (let attempt = 1; ; attempt += 1) {
        if (await silentSignerIsReplaced(net)) return;
        if (attempt === ATTEMPTS_MAX)
          throw new Error(`in ${attempt} payouts the signer had signed before it was stopped`);
      }
    },
  );

  scene(
    'five of fifteen down still pay out; with the sixth down the page names who must come back, and then it pays',
    live,
    async (net) => {
      const [one, two] = [await fundedVault(net), await fundedVault(net)];
      const missing = [...DOWN, SIXTH];
      const others = validatorIds().filter((id) => !missing.includes(id));
      try {
        for (const id of DOWN) await net.supervisor.hold(validatorName(id));
        const settled = await untilSettled(net, await startPayout(net, one));
        expect(settled.signers.filter((id) => DOWN.includes(id))).toEqual([]);

        await net.supervisor.hold(validatorName(SIXTH));
        const handle = await startPayout(net, two);
        await until('the page naming the six and nobody else', { timeoutMs: 150_000 }, async () => {
          const text = await currentDetails(handle);
          const named = (id: ValidatorId): boolean => text.includes(validatorName(id));
          if (missing.every(named) && !others.some(named)) return true;
          throw new Error(text);
        });
        expect(await progressOf(handle)).toMatchObject({ awaitingRole: 'validators', need: 10 });
        // A validator that returns learns the standing order from ten peers first: nine are up, so a second one must return too.
        for (const id of [SIXTH, BACK]) net.supervisor.release(validatorName(id));
        const paid = await untilSettled(net, handle);
        expect(paid.signers.filter((id) => missing.includes(id))).not.toEqual([]);
      } finally {
        for (const id of missing) net.supervisor.release(validatorName(id));
      }
      await untilAll(net, 'ready again', isReady, 150_000);
      for (const { deposit } of [one, two]) {
        expect(await spendsSeenBy(net.nodes[0], deposit.outpoint, deposit.height)).toHaveLength(1);
      }
    },
  );
}

/** False when the machine was so quick that the signer had signed before the signal reached it: then nobody had to be replaced. */
async function silentSignerIsReplaced(net: LiveNetwork): Promise<boolean> {
  const funded = await fundedVault(net);
  const asked = watchForRequest(net.layout.blobs, funded.opened.vault, 60_000, net.signal);
  const handle = await startPayout(net, funded, { sessionSeconds: 4 });
  const request = await asked;
  const silent = request?.signers.at(-1);
  if (request === undefined || silent === undefined) throw new Error('no signing request appeared');
  expect(request.signers).toHaveLength(10);
  silence(net, silent);
  let replaced: boolean;
  try {
    const settled = await untilSettled(net, handle);
    // A session that was begun beside the first one is no sign of anything: the first one may have been whole before it.
    replaced = settled.ceremony !== request.ceremony;
    if (replaced) expect(settled.signers).not.toContain(silent);
    expect(await spendsSeenBy(net.nodes[0], funded.deposit.outpoint, funded.deposit.height)).toHaveLength(1);
  } finally {
    unsilence(net, silent);
  }
  await untilAll(net, 'ready again', isReady, 150_000);
  return replaced;
}
