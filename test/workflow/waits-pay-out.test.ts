import { expect } from '@jest/globals';
import { PAY_OUT, type PayOutInput, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import type { Gathering } from '../../activities/gathering.ts';
import type { Settlement } from '../../activities/settlement.ts';
import {
  BLOB,
  heard,
  KEY,
  NETWORK,
  PLACE,
  PLAN,
  releaseUntil,
  SESSION,
  THRESHOLD,
  VALIDATORS,
} from './rig/scripted.ts';
import { onSkippingServer, type Script, type SkippingServer, taking } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const HOUR = 3_600;
/** So much later than a validator said is it asked again. */
const CLOCKS_DIFFER_MS = 2_000;
const CONFIRMATIONS = 2;

const spentAt = (confirmations: number, block = 'aa'): Settlement => ({
  fingerprint: `spent@${block}#${confirmations}`,
  state: 'spent',
  spender: { txid: PLAN.txid, block: { hash: block.repeat(32), height: 9 }, confirmations },
});
const unspent: Settlement = { fingerprint: 'unspent', state: 'unspent' };

/** Everything goes well at once; a test says what does not. */
const smooth: Script = {
  planPayout: async () => ({ kind: 'planned', plan: PLAN }),
  askCommitments: taking(() => ({ gathering: heard(THRESHOLD), session: SESSION })),
  askPartials: taking(() => heard(THRESHOLD)),
  finishSigning: async () => ({ transaction: BLOB, txid: PLAN.txid, evidence: BLOB }),
  broadcastPayout: async () => ({ outcome: 'accepted' }),
  awaitSettlement: async () => spentAt(CONFIRMATIONS),
};

const pay = async (server: SkippingServer, script: Script, change: Partial<PayOutInput> = {}, validSeconds = HOUR) => {
  const input: PayOutInput = {
    network: NETWORK,
    signedReleaseRequest: releaseUntil((await server.nowMs()) + validSeconds * 1_000),
    key: KEY,
    watchFromHeight: 1,
    confirmations: CONFIRMATIONS,
    ...change,
  };
  const script_ = { ...smooth, ...script };
  return server.live<PayOutInput, PayOutResult>(PAY_OUT, (taskQueue) => startPayOut(input, taskQueue), script_);
};

/** A plan that is not ready before look number `ready`, and when each look was. */
function looks(
  server: SkippingServer,
  ready: number,
): { atMs: number[]; planPayout: NonNullable<Script['planPayout']> } {
  const atMs: number[] = [];
  return {
    atMs,
    planPayout: async () => {
      atMs.push(await server.nowMs());
      if (atMs.length >= ready) return { kind: 'planned', plan: PLAN };
      return { kind: 'not-yet', reason: 'deposit x is not in the chain' };
    },
  };
}
const pausesOf = (atMs: readonly number[]): number[] =>
  atMs.slice(1).map((at, index) => (at - (atMs[index] ?? 0)) / 1_000);

waiting('a deposit that never comes is looked for until the request expires, and not longer', async (server) => {
  const { atMs, planPayout } = looks(server, Infinity);
  const endsMs = (await server.nowMs()) + HOUR * 1_000;
  const { result, tookSeconds } = await pay(server, { planPayout });
  expect(result).toMatchObject({ outcome: 'refused', sessions: 0, refusal: { code: 'unavailable.payout-plan' } });
  expect(result.outcome === 'refused' && result.refusal.message).toMatch(
    /while its request was valid: deposit x is not/,
  );
  // The last look is after the end: a deposit in the last second of the request is not missed, and nothing is asked later.
  expect(atMs.at(-1)).toBeGreaterThanOrEqual(endsMs);
  expect(atMs.filter((at) => at >= endsMs)).toHaveLength(1);
  expect(tookSeconds).toBeLessThan(HOUR + 60);
});

waiting('a deposit that comes in the last minutes of a request is paid out', async (server) => {
  const { atMs, planPayout } = looks(server, 18);
  const { result } = await pay(server, { planPayout });
  expect(result).toMatchObject({ outcome: 'settled', sessions: 1 });
  expect(atMs).toHaveLength(18);
});

waiting(
  'looks for a plan come quickly at first, then at most five minutes apart, and end after three hours',
  async (server) => {
    const { atMs, planPayout } = looks(server, Infinity);
    const { result, tookSeconds } = await pay(server, { planPayout }, {}, 30 * 24 * HOUR);
    const pauses = pausesOf(atMs);
    expect(pauses[0]).toBeLessThan(10);
    expect(Math.max(...pauses)).toBeGreaterThan(295);
    expect(Math.max(...pauses)).toBeLessThan(330);
    expect(result).toMatchObject({ outcome: 'refused', refusal: { code: 'unavailable.payout-plan' } });
    expect(result.outcome === 'refused' && result.refusal.message).toContain('the request is still valid');
    expect(tookSeconds).toBeGreaterThan(2 * HOUR);
    expect(tookSeconds).toBeLessThan(3.5 * HOUR);
  },
);

waiting('too few validators that commit are waited for five minutes, and named', async (server) => {
  const pages: string[] = [];
  const askCommitments = taking(async () => {
    const { phase, missing } = await server.page();
    pages.push(`${phase} ${missing.join()}`);
    return { gathering: heard(THRESHOLD - 1) };
  });
  const { result, tookSeconds } = await pay(server, { askCommitments });
  expect(result).toMatchObject({
    outcome: 'refused',
    refusal: { code: 'unavailable.validators', details: { need: 3, missing: [3, 4, 5] } },
  });
  expect(tookSeconds).toBeGreaterThanOrEqual(300);
  expect(tookSeconds).toBeLessThan(360);
  expect(pages.at(-1)).toBe('collecting-commitments 3,4,5');
});

waiting('a third validator that commits in the fifth minute is enough', async (server) => {
  const startedMs = await server.nowMs();
  const askCommitments = taking(async () => {
    const late = (await server.nowMs()) - startedMs > 240_000;
    return late ? { gathering: heard(THRESHOLD), session: SESSION } : { gathering: heard(THRESHOLD - 1) };
  });
  const { result } = await pay(server, { askCommitments });
  expect(result).toMatchObject({ outcome: 'settled', sessions: 1 });
});

/** Ready are all who may be asked; the first of `leaves` that is in a session commits and then says nothing until `returnsMs`. */
function sessionsWith(leaves: readonly number[], returns: () => Promise<boolean> = async () => false): Script {
  return {
    askCommitments: taking(({ without }) => {
      const signers = VALIDATORS.filter((id) => !without.includes(id)).slice(0, THRESHOLD);
      const gathering = { ...heard(0), have: signers };
      return signers.length < THRESHOLD ? { gathering } : { gathering, session: { ...SESSION, signers } };
    }),
    askPartials: taking(async ({ session: { signers } }) => {
      const gone = (await returns()) ? undefined : signers.find((id) => leaves.includes(id));
      const missing = heard(0).missing.filter(({ validator }) => validator === gone);
      return { ...heard(0), have: signers.filter((id) => id !== gone), missing };
    }),
    judgePartials: async () => [],
  };
}

waiting(
  'two of five that leave after they committed cost two sessions, and are asked for their part all the while',
  async (server) => {
    const { result, tookSeconds } = await pay(server, sessionsWith([1, 2]));
    expect(result).toMatchObject({ outcome: 'settled', sessions: 3, blame: [] });
    expect(tookSeconds).toBeLessThan(120);
  },
);

waiting(
  'when more leave than may be missing, whoever comes back completes the session that waits for it',
  async (server) => {
    const startedMs = await server.nowMs();
    const returns = async (): Promise<boolean> => (await server.nowMs()) - startedMs > 150_000;
    const { result, tookSeconds } = await pay(server, sessionsWith([1, 2, 3], returns));
    expect(result).toMatchObject({ outcome: 'settled', sessions: 3 });
    // The run began after the clock was read, and its times are whole seconds.
    expect(tookSeconds).toBeGreaterThan(140);
  },
);

waiting('when they do not come back, everybody is asked anew, a bounded number of times', async (server) => {
  const { result } = await pay(server, sessionsWith([1, 2, 3]));
  expect(result).toMatchObject({ outcome: 'refused', sessions: 7, refusal: { code: 'unavailable.silent' } });
});

/** The three signers say that their operators' caps are reached until then. */
const capped = (roomAtSeconds: number): Gathering => ({
  ...heard(0),
  missing: [],
  refused: SESSION.signers.map((validator) => ({
    validator,
    code: 'policy.outflow-cap' as const,
    message: 'there is room again later',
    roomAtSeconds,
  })),
});

waiting(
  'a payout above the outflow caps waits until there is room, says until when, and is signed then',
  async (server) => {
    const roomAtSeconds = Math.ceil((await server.nowMs()) / 1_000) + 6 * HOUR;
    const askedAtMs: number[] = [];
    const pages: string[] = [];
    const askPartials = taking(async () => {
      askedAtMs.push(await server.nowMs());
      return (await server.nowMs()) < roomAtSeconds * 1_000 ? capped(roomAtSeconds) : heard(THRESHOLD);
    });
    const { result, events } = await pay(server, { askPartials }, {}, 24 * HOUR);
    for (const event of events) {
      const summary = event.userMetadata?.summary?.data;
      if (event.timerStartedEventAttributes && summary) pages.push(Buffer.from(summary).toString());
    }
    expect(result).toMatchObject({ outcome: 'settled', sessions: 2 });
    expect(askedAtMs).toHaveLength(2);
    expect(askedAtMs[1]).toBeGreaterThanOrEqual(roomAtSeconds * 1_000);
    const until = new Date(roomAtSeconds * 1_000 + CLOCKS_DIFFER_MS).toISOString();
    expect(pages.join()).toContain(`Wait until ${until}: too few validators`);
  },
);

waiting('caps that validators are at before they commit are waited for in the same way', async (server) => {
  const roomAtSeconds = Math.ceil((await server.nowMs()) / 1_000) + 6 * HOUR;
  const askCommitments = taking(async () =>
    (await server.nowMs()) < roomAtSeconds * 1_000
      ? { gathering: capped(roomAtSeconds) }
      : { gathering: heard(THRESHOLD), session: SESSION },
  );
  const { result, tookSeconds } = await pay(server, { askCommitments }, {}, 24 * HOUR);
  expect(result).toMatchObject({ outcome: 'settled', sessions: 2 });
  expect(tookSeconds).toBeGreaterThanOrEqual(6 * HOUR - 60);
});

waiting('nobody waits for room that comes after the request has expired', async (server) => {
  const roomAtSeconds = Math.ceil((await server.nowMs()) / 1_000) + 6 * HOUR;
  const { result, tookSeconds } = await pay(server, { askPartials: taking(() => capped(roomAtSeconds)) });
  expect(result).toMatchObject({ outcome: 'refused', sessions: 1, refusal: { code: 'policy.outflow-cap' } });
  expect(tookSeconds).toBeLessThan(HOUR);
});

waiting(
  'caps that stay reached, whatever validators said, are asked about a bounded number of times',
  async (server) => {
    let asked = 0;
    const askPartials = taking(async () => {
      asked += 1;
      return capped(Math.floor((await server.nowMs()) / 1_000));
    });
    const { result, tookSeconds } = await pay(server, { askPartials }, {}, 30 * 24 * HOUR);
    expect(result).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.outflow-cap' } });
    expect(asked).toBe(13);
    // Long enough that one validator that says "now" for ever does not end a payout for which others have room tomorrow.
    expect(tookSeconds).toBeGreaterThan(48 * HOUR);
  },
);

for (const [quietHours, outcome] of [
  [79, { outcome: 'settled', txid: PLAN.txid }],
  [80, { outcome: 'refused', refusal: { code: 'unknown-outcome.settlement' } }],
] as const) {
  waiting(`a payout that nothing happens to for ${quietHours} hours is ${outcome.outcome}`, async (server) => {
    let hours = 0;
    const awaitSettlement = taking(() => {
      hours += 1;
      return hours > quietHours ? spentAt(CONFIRMATIONS) : undefined;
    });
    const { result, tookSeconds } = await pay(server, { awaitSettlement });
    expect(result).toMatchObject(outcome);
    expect(tookSeconds).toBeGreaterThanOrEqual(quietHours * HOUR);
  });
}

for (const [moves, outcome] of [
  [78, { outcome: 'settled', block: { height: 9 } }],
  [79, { outcome: 'refused', refusal: { code: 'unknown-outcome.settlement' } }],
] as const) {
  waiting(`a spend that reorgs move ${moves} times is ${outcome.outcome}, and each move is named`, async (server) => {
    const phases = new Set<string>();
    let looked = 0;
    const awaitSettlement = async (): Promise<Settlement> => {
      looked += 1;
      if (looked > 2) phases.add((await server.page()).phase);
      return looked > moves + 1 ? spentAt(CONFIRMATIONS) : spentAt(1, looked.toString(16).padStart(2, '0'));
    };
    const { result } = await pay(server, { awaitSettlement });
    expect(result).toMatchObject(outcome);
    expect([...phases]).toEqual(['unsettled-by-reorg']);
  });
}

waiting(
  'coins that stay unspent are watched on, and a start of the same request later finds them spent',
  async (server) => {
    const first = await pay(server, { awaitSettlement: taking(() => unspent) });
    expect(first.result).toMatchObject({ outcome: 'refused', refusal: { code: 'unknown-outcome.settlement' } });
    const again = await pay(server, { planPayout: async () => ({ kind: 'spent', place: PLACE }) });
    expect(again.result).toMatchObject({ outcome: 'settled-before', txid: PLAN.txid });
  },
);

waiting('a run that finds its coins spent still waits until they are deep enough', async (server) => {
  let hours = 0;
  const { result, tookSeconds } = await pay(server, {
    planPayout: async () => ({ kind: 'spent', place: PLACE }),
    awaitSettlement: taking(() => {
      hours += 1;
      return hours === 1 ? spentAt(1) : hours < 10 ? undefined : spentAt(CONFIRMATIONS);
    }),
  });
  expect(result).toMatchObject({ outcome: 'settled-before', confirmations: CONFIRMATIONS });
  expect(tookSeconds).toBeGreaterThanOrEqual(10 * HOUR);
});
