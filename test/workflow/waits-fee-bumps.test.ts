import { expect } from '@jest/globals';
import type { Activities } from '../../activities/activities.ts';
import type { Gathering } from '../../activities/gathering.ts';
import type { PlannedPayout, Rung } from '../../activities/payouts.ts';
import type { Settlement, SettlementWatch } from '../../activities/settlement.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { FeeLook } from '../../domain/vault/fee-ladder.ts';
import { PAY_OUT, type PayOutInput, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { BLOB, heard, KEY, NETWORK, PLAN, releaseUntil, SESSION, THRESHOLD, VALIDATORS } from './rig/scripted.ts';
import { onSkippingServer, type Script, type SkippingServer, taking } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const HOUR = 3_600;
const BLOCKS = 3;
const blobOf = (rung: number): BlobRef => ({ ...BLOB, digest: `${rung}b`.repeat(32) as BlobRef['digest'] });
const rungAt = (rung: number, feeSats: number): Rung => ({
  transaction: blobOf(rung),
  txid: `${rung}a`.repeat(32),
  feeSats,
  payoutSats: 1_000_000 - feeSats,
});
const PLANNED: PlannedPayout = { ...PLAN, ...rungAt(0, 500) };
const HIGHER = [rungAt(1, 1_000), rungAt(2, 2_000)];
const costs = (feeSats: number): FeeLook => ({ kind: 'estimate', feeSats });

/** A chain that only goes on, one block for every look that is late, and never takes anything before height `takenAt`. */
class SlowChain {
  height = 100;
  readonly handedIn: string[] = [];
  readonly watched: SettlementWatch[] = [];
  readonly #takenAt: number;

  constructor(takenAt: number) {
    this.#takenAt = takenAt;
  }

  see(watch: SettlementWatch): Settlement | undefined {
    this.watched.push(watch);
    const { since, stuck } = watch;
    const tipHeight = this.height;
    if (since === undefined) return { fingerprint: 'unspent', state: 'unspent', tipHeight };
    if (stuck === undefined || stuck.height >= this.#takenAt) {
      const block = { hash: 'aa'.repeat(32), height: tipHeight };
      const spender = { txid: this.handedIn.at(-1) ?? '', block, confirmations: 1 };
      return { fingerprint: 'spent', state: 'spent', spender, tipHeight };
    }
    this.height = stuck.height;
    return { fingerprint: 'unspent', state: 'unspent', tipHeight: stuck.height, stuck: 'late' };
  }
}

/** Everybody signs at once; a test says what blocks take and what validators say that they cost. */
function scripted(chain: SlowChain, look: () => FeeLook, maximumFeeSats = 10_000): Script {
  return {
    planPayout: async () => ({ kind: 'planned', plan: PLANNED, higher: HIGHER, maximumFeeSats }),
    askCommitments: taking(() => ({ gathering: heard(THRESHOLD), session: SESSION })),
    askPartials: taking(() => heard(THRESHOLD)),
    judgePartials: async () => [],
    finishSigning: async ({ plan }) => ({ transaction: plan.transaction, txid: plan.txid, evidence: BLOB }),
    broadcastPayout: async ({ txid }) => {
      chain.handedIn.push(txid);
      return { outcome: 'accepted', tipHeight: chain.height };
    },
    awaitSettlement: async (watch) => chain.see(watch),
    seeFee: async () => look(),
  };
}

const pay = async (server: SkippingServer, script: Script, change: Partial<PayOutInput> = {}, validSeconds = HOUR) => {
  const input: PayOutInput = {
    network: NETWORK,
    signedReleaseRequest: releaseUntil((await server.nowMs()) + validSeconds * 1_000),
    key: KEY,
    watchFromHeight: 1,
    confirmations: 1,
    bumpAfterBlocks: BLOCKS,
    ...change,
  };
  return server.live<PayOutInput, PayOutResult>(PAY_OUT, (taskQueue) => startPayOut(input, taskQueue), script);
};

waiting(
  'each replacement is handed in and watched from its own blocks on, and the result names what was signed',
  async (server) => {
    const chain = new SlowChain(100 + 3 * BLOCKS);
    const looks = [costs(900), costs(1_900)];
    const { result } = await pay(
      server,
      scripted(chain, () => looks.shift() ?? costs(0)),
    );
    expect(chain.handedIn).toEqual([PLANNED, ...HIGHER].map(({ txid }) => txid));
    expect(chain.watched.map(({ transaction }) => transaction?.digest)).toEqual(
      [0, 0, 1, 2].map((rung) => blobOf(rung).digest),
    );
    expect(chain.watched.flatMap(({ stuck }) => stuck ?? []).map(({ height }) => height - 100)).toEqual([3, 6, 9]);
    expect(result).toMatchObject({ outcome: 'settled', feeSats: 2_000, payoutSats: 998_000, sessions: 3 });
    expect(result.outcome === 'settled' && result.alsoSigned?.map(({ feeSats }) => feeSats)).toEqual([
      500, 1_000, 2_000,
    ]);
  },
);

waiting(
  'nothing is signed after the request has expired: the page says that the release key must act',
  async (server) => {
    const chain = new SlowChain(100 + 2 * BLOCKS);
    let phase = '';
    const script = scripted(chain, () => costs(900));
    const awaitSettlement: Script['awaitSettlement'] = async (watch) => {
      ({ phase } = await server.page());
      return chain.see(watch);
    };
    // Signing takes some twenty seconds by the clock of the server.
    const { result } = await pay(server, { ...script, awaitSettlement }, {}, 1);
    expect(phase).toBe('waiting-for-fee');
    expect(chain.handedIn).toHaveLength(1);
    expect(result).toMatchObject({ outcome: 'settled', feeSats: 500, sessions: 1 });
  },
);

waiting(
  'at the highest fee that the terms allow it says that nobody can pay more, and looks ever more seldom',
  async (server) => {
    const chain = new SlowChain(100 + 60 * BLOCKS);
    const pages = new Set<string>();
    const script = scripted(chain, () => costs(50_000), 2_000);
    const { result } = await pay(server, {
      ...script,
      awaitSettlement: async (watch) => {
        const { phase, next } = await server.page();
        if (phase === 'waiting-for-fee') pages.add(next);
        return chain.see(watch);
      },
    });
    expect([...pages].join()).toContain('the fee of 2000 sat is the highest that the terms of the vault allow');
    const heights = chain.watched.flatMap(({ stuck }) => stuck ?? []).map(({ height }) => height - 100);
    expect(heights).toEqual([3, 6, 12, 24, 48, 96, 192]);
    expect(result).toMatchObject({ outcome: 'settled', feeSats: 2_000 });
  },
);

waiting('looks at the fee are bounded, and then it only waits', async (server) => {
  const chain = new SlowChain(Infinity);
  let looks = 0;
  const { result, events } = await pay(
    server,
    scripted(chain, () => {
      looks += 1;
      return costs(400);
    }),
    {},
    30 * 24 * HOUR,
  );
  expect(looks).toBe(24);
  expect(result).toMatchObject({ outcome: 'settled', feeSats: 500 });
  expect(events.length).toBeLessThan(600);
});

waiting(
  'validators that do not sign a higher fee are asked three times, and then it stays at what it has',
  async (server) => {
    const chain = new SlowChain(100 + 20 * BLOCKS);
    let sessions = 0;
    const frozen = {
      ...heard(0),
      missing: [],
      refused: SESSION.signers.map((validator) => ({
        validator,
        code: 'policy.frozen' as const,
        message: 'payouts are frozen',
      })),
    };
    const askPartials = taking(() => {
      sessions += 1;
      return sessions === 1 ? heard(THRESHOLD) : frozen;
    });
    const { result } = await pay(server, { ...scripted(chain, () => costs(900)), askPartials }, {}, 30 * 24 * HOUR);
    expect(chain.handedIn).toHaveLength(1);
    expect(sessions).toBe(4);
    expect(result).toMatchObject({ outcome: 'settled', feeSats: 500, sessions: 4 });
  },
);

waiting('a lower fee that validators will not go back to is passed over, from the first session on', async (server) => {
  const chain = new SlowChain(100);
  const locked = {
    ...heard(0),
    missing: [],
    refused: SESSION.signers.map((validator) => ({
      validator,
      code: 'conflict.outpoint-locked' as const,
      message: 'is signed away',
    })),
  };
  let sessions = 0;
  const askPartials = taking(() => {
    sessions += 1;
    return sessions === 3 ? heard(THRESHOLD) : locked;
  });
  const { result } = await pay(server, { ...scripted(chain, () => costs(0)), askPartials });
  expect(chain.handedIn).toEqual([HIGHER[1]?.txid]);
  expect(result).toMatchObject({ outcome: 'settled', feeSats: 2_000, sessions: 3 });
});

/** At the lowest fee two are free, `others` say, and everybody else is silent; at a higher one all are free who are there. */
async function payWithFew(server: SkippingServer, others: 'locked' | 'silent') {
  const chain = new SlowChain(100);
  const asked: string[] = [];
  const [, , third] = VALIDATORS;
  const said = { code: 'conflict.outpoint-locked', message: 'is signed away' } as const;
  const few: Gathering = {
    ...heard(2),
    refused: others === 'locked' && third !== undefined ? [{ validator: third, ...said }] : [],
  };
  const askCommitments: Script['askCommitments'] = taking(({ plan }: Parameters<Activities['askCommitments']>[0]) => {
    if (asked.at(-1) !== plan.txid) asked.push(plan.txid);
    return plan.txid === PLANNED.txid ? { gathering: few } : { gathering: heard(THRESHOLD), session: SESSION };
  });
  const { result } = await pay(server, { ...scripted(chain, () => costs(0)), askCommitments });
  return { result, asked, handedIn: chain.handedIn };
}

waiting(
  'one word of a lock for a higher fee is enough to ask for it when too few answer at the lowest',
  async (server) => {
    const { result, asked, handedIn } = await payWithFew(server, 'locked');
    expect(asked).toEqual([PLANNED.txid, HIGHER[0]?.txid]);
    expect(handedIn).toEqual([HIGHER[0]?.txid]);
    expect(result).toMatchObject({ outcome: 'settled', feeSats: 1_000 });
  },
);

waiting('where nobody says so, no higher fee is asked for because too few answer', async (server) => {
  const { result, asked } = await payWithFew(server, 'silent');
  expect(asked).toEqual([PLANNED.txid]);
  expect(result).toMatchObject({ outcome: 'refused', refusal: { code: 'unavailable.validators' } });
});

waiting(
  'a transaction of somebody else that pays the recorded script ends the payout, and no fee is claimed for it',
  async (server) => {
    const chain = new SlowChain(0);
    const other = 'cc'.repeat(32);
    const { result } = await pay(server, {
      ...scripted(chain, () => costs(0)),
      awaitSettlement: async () => ({
        fingerprint: 'spent',
        state: 'spent',
        spender: { txid: other, block: { hash: 'aa'.repeat(32), height: 9 }, confirmations: 1 },
      }),
    });
    expect(result).toMatchObject({ outcome: 'settled-before', txid: other, alsoSigned: [{ feeSats: 500 }] });
    expect(result).not.toHaveProperty('feeSats');
  },
);
