import { SIGNER_COUNT } from '../devnet/layout.ts';
import { LOOPBACK } from '../devnet/ports.ts';
import { makeDeposit, makeKey, makePayout, makeVault, mineWhile, payoutSettled } from '../devnet/story.ts';
import { type Funded, startPayout } from '../test/e2e/rig/payouts.ts';
import { GENERATE_KEY } from '../workflows/generate-key/messages.ts';
import type { Running } from './devnet.ts';
import { spanMs } from './history.ts';
import { inFlight, perSecond } from './in-flight.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { maximum, median, quantile } from './statistics.ts';

const PAYOUTS_AT_ONCE = 100;
const OPENED_AT_ONCE = 4;
const SIGNED_IN_TURN = 30;
const STORM_MS = 300_000;
const KEYS_MADE = `WorkflowType = '${GENERATE_KEY}' AND ExecutionStatus = 'Completed'`;

export const custody: Measure = {
  name: 'custody',
  sharesNetwork: true,
  about:
    `The same network of ${SIGNER_COUNT} validators under load. First ${SIGNED_IN_TURN} payouts in turn: from the first question for commitments to the ` +
    `verified signature. Then ${PAYOUTS_AT_ONCE} payouts of as many vaults at once, from their start to the confirmed spend, blocks mined each second. ` +
    'Starvation would be a payout that takes much longer than the others. Stalls are the longest that any validator’s event loop was held up meanwhile, as its own ' +
    'metrics say; with seventeen processes on few processors they hold waiting for a processor too.',
  run: async (setting) => compare(setting, await setting.network()),
};

async function compare({ runs, say, signal }: Setting, running: Running): Promise<readonly Reading[]> {
  const { network, chain, client } = running;
  // Run by itself it comes to a network that has none; a measure before it has made its own.
  if (
    (await client.workflowService.listWorkflowExecutions({ namespace: 'default', query: KEYS_MADE })).executions
      .length === 0
  )
    await makeKey(network);
  const vaults: Funded[] = [];
  const count = runs === undefined ? PAYOUTS_AT_ONCE : runs * 10;
  const inTurn = runs ?? SIGNED_IN_TURN;
  await inFlight(count + inTurn, OPENED_AT_ONCE, async () => {
    signal.throwIfAborted();
    const opened = await makeVault(network);
    vaults.push({ opened, deposit: await makeDeposit(network, chain, opened, client) });
    if (vaults.length % 20 === 0) say(`${vaults.length} vaults have coins`);
  });
  const signings: number[] = [];
  for (const { opened } of vaults.slice(0, inTurn)) {
    signal.throwIfAborted();
    const { workflowId } = await makePayout(network, chain, opened, client, false, () => undefined);
    signings.push(
      spanMs(await client.workflow.getHandle(workflowId).fetchHistory(), 'askCommitments', 'finishSigning'),
    );
  }
  say(`${signings.length} payouts in turn`);
  await stallsMs(running);
  const late = AbortSignal.any([signal, network.signal, AbortSignal.timeout(STORM_MS)]);
  // One miner for all of them: a block a second, as the payouts before had it.
  const storm = await mineWhile(
    chain,
    late,
    inFlight(count, count, async (at) => {
      const vault = vaults[inTurn + at];
      if (vault === undefined) throw new Error('there is a vault for each payout');
      // Not by the verb: a hundred of its connections to all validators are another measure.
      const { workflowId } = await startPayout({ client, layout: network.layout }, vault);
      return payoutSettled(client, workflowId, late);
    }),
  );
  const stalls = await stallsMs(running);
  return [
    {
      title: 'signing ceremony of one input, p99',
      unit: 'ms',
      result: quantile(signings, 0.99),
      target: { of: 'result', max: 1_000 },
      detail: `${signings.length} payouts in turn, median ${median(signings).toFixed(0)} ms, slowest ${maximum(signings).toFixed(0)} ms`,
    },
    {
      title: `${count} payouts in flight, the slowest against the median`,
      unit: 's',
      result: maximum(storm.ms) / 1_000,
      floor: median(storm.ms) / 1_000,
      ratio: maximum(storm.ms) / median(storm.ms),
      target: { of: 'ratio', max: 3 },
      detail: `${perSecond(storm).toFixed(2)} payouts a second, from start to confirmed; all of them in ${(storm.wholeMs / 1_000).toFixed(1)} s`,
    },
    {
      title: 'longest stall of a validator’s event loop under that load',
      unit: 'ms',
      result: maximum(stalls),
      target: { of: 'result', max: 20 },
      detail: `${stalls.length} validators, median of their longest ${median(stalls).toFixed(0)} ms`,
    },
  ];
}

const STALL = /^firebreak_event_loop_lag_seconds\{[^}]*quantile="1"[^}]*\} (\S+)$/m;

/** Of each validator since it was last asked. */
async function stallsMs({ network }: Running): Promise<readonly number[]> {
  const texts = await Promise.all(
    Array.from({ length: SIGNER_COUNT }, async (_unused, at) => {
      const url = `http://${LOOPBACK}:${network.ports.health(at + 1)}/metrics`;
      return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
    }),
  );
  return texts.flatMap((text) => {
    const seconds = Number(STALL.exec(text)?.[1]);
    return Number.isFinite(seconds) ? [seconds * 1_000] : [];
  });
}
