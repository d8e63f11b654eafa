import { expect } from '@jest/globals';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { PAY_OUT, type PayOutInput, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { BLOB, heard, KEY, NETWORK, PLAN, releaseUntil, SESSION, THRESHOLD } from './rig/scripted.ts';
import { type Lived, onSkippingServer, type Script, type SkippingServer } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
/** Heartbeats stop at most this long before another attempt is given out (workflows/lib/effects.ts). */
const SILENCE_SECONDS = 2;

const settled = async () => ({
  fingerprint: 'spent',
  state: 'spent' as const,
  spender: { txid: PLAN.txid, block: { hash: 'aa'.repeat(32), height: 9 }, confirmations: 1 },
});
const smooth: Script = {
  planPayout: async () => ({ kind: 'planned', plan: PLAN }),
  askCommitments: async () => ({ gathering: heard(THRESHOLD), session: SESSION }),
  askPartials: async () => heard(THRESHOLD),
  finishSigning: async () => ({ transaction: BLOB, txid: PLAN.txid, evidence: BLOB }),
  broadcastPayout: async () => ({ outcome: 'accepted' }),
  awaitSettlement: settled,
};
const EFFECTS = Object.keys(smooth) as (keyof typeof smooth)[];

const pay = async (server: SkippingServer, script: Script) => {
  const signedReleaseRequest = releaseUntil((await server.nowMs()) + 3_600_000);
  const input: PayOutInput = { network: NETWORK, signedReleaseRequest, key: KEY, watchFromHeight: 1, confirmations: 1 };
  return server.live<PayOutInput, PayOutResult>(PAY_OUT, (taskQueue) => startPayOut(input, taskQueue), {
    ...smooth,
    ...script,
  });
};

waiting(
  'an effect that fails two hundred times is tried every 200 ms to the end, and then the payout goes on',
  async (server) => {
    let tries = 0;
    const { result, tookSeconds, events } = await pay(server, {
      broadcastPayout: async () => {
        tries += 1;
        if (tries <= 200) throw ApplicationFailure.create({ type: 'unavailable.node-down', message: 'not now' });
        return { outcome: 'accepted' };
      },
    });
    expect(result).toMatchObject({ outcome: 'settled' });
    expect(tries).toBe(201);
    const { scheduled, started } = effectIn(events, 'broadcastPayout');
    expect(scheduled?.retryPolicy).toMatchObject({ backoffCoefficient: 1, maximumAttempts: 0 });
    expect(started?.attempt).toBe(201);
    expect(tookSeconds).toBeGreaterThanOrEqual(200 * 0.2 - 1);
    // With a coefficient of 2 the pauses would stand at a ceiling of twenty seconds after seven attempts: more than an hour.
    expect(tookSeconds).toBeLessThan(1_800);
  },
);

waiting(
  'a worker that falls silent is replaced after two seconds, whatever it did, the fifth time as the first',
  async (server) => {
    const silences = 5;
    // Side by side: while an effect runs, the server lets real time pass.
    const each = EFFECTS.map(async (effect) => {
      let calls = 0;
      const { result, events } = await pay(server, {
        [effect]: async (input: never) => {
          calls += 1;
          return calls > silences ? smooth[effect]?.(input) : silent();
        },
      });
      return { effect, result, ...effectIn(events, effect) };
    });
    for (const { effect, result, scheduled, started, waitedSeconds } of await Promise.all(each)) {
      expect([effect, result]).toEqual([effect, expect.objectContaining({ outcome: 'settled', sessions: 1 })]);
      expect(Number(scheduled?.heartbeatTimeout?.seconds)).toBe(SILENCE_SECONDS);
      expect(scheduled?.retryPolicy?.backoffCoefficient).toBe(1);
      expect(started?.attempt).toBe(silences + 1);
      expect(waitedSeconds).toBeGreaterThanOrEqual(silences * SILENCE_SECONDS - 1);
    }
  },
);

waiting('a refusal that no repeat can change is not repeated', async (server) => {
  let tries = 0;
  const { result } = await pay(server, {
    planPayout: async () => {
      tries += 1;
      throw ApplicationFailure.create({ type: 'policy.release-signature', message: 'forged', nonRetryable: true });
    },
  });
  expect(result).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.release-signature' } });
  expect(tries).toBe(1);
});

waiting(
  'a node that refuses the transaction for good does not end a payout whose coins were spent meanwhile',
  async (server) => {
    const { result } = await pay(server, {
      broadcastPayout: async () => {
        throw ApplicationFailure.create({ type: 'conflict.outpoint-spent', message: 'spent', nonRetryable: true });
      },
    });
    expect(result).toMatchObject({ outcome: 'settled', txid: PLAN.txid });
  },
);

/** What a process that is gone says: nothing. It ends with the worker of the test. */
const silent = (): Promise<never> => Context.current().cancelled;

/** The only scheduling of an effect in a run, what came of it in the end, and the seconds between by the clock of the server. */
function effectIn(events: Lived<PayOutResult>['events'], effect: string) {
  const at = events.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === effect);
  const end = events.find(
    (event) => String(event.activityTaskStartedEventAttributes?.scheduledEventId) === String(at?.eventId),
  );
  return {
    scheduled: at?.activityTaskScheduledEventAttributes,
    started: end?.activityTaskStartedEventAttributes,
    waitedSeconds: Number(end?.eventTime?.seconds) - Number(at?.eventTime?.seconds),
  };
}
