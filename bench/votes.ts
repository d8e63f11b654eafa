import { setTimeout as wait } from 'node:timers/promises';
import type { SignedVote } from '../domain/approval/vote.ts';
import { testKey } from '../domain/committee/testkit/keys.ts';
import type { NetworkGenesis } from '../domain/network/network.ts';
import { openApproval, planOf, type Started, startRun, voteBy } from '../test/workflow/rig/playbooks.ts';
import { castVote } from '../workflows/run-playbook/messages.ts';
import { type Engine, withEngine } from './engine.ts';
import type { Measure, Setting } from './measure.ts';
import { type OnStage, STAGE_QUEUE, withStage } from './stage.ts';
import { maximum, quantile } from './statistics.ts';

const ROUNDS = 5;
/** It is there to be known: two are enough. */
const ROUNDS_WITHOUT = 2;
const SEATS = 50;
const STEPS = ['first', 'second'] as const;
const VOTES = SEATS * STEPS.length;
const WITHIN_MS = 1_000;
const AGAIN_MS = 200;
/** https://grpc.io/docs/guides/status-codes */
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
/** A server that never answers must not hold the rest up. */
const ROUND_MS = 90_000;
/** How many Updates one workflow takes side by side; 10 unless the server is told otherwise. */
const SERVER_SETTING = 'history.maxInFlightUpdates';

const keys = Array.from({ length: SEATS }, (_unused, seat) => testKey(`voter-${seat}`));
const committee: NetworkGenesis['committee'] = {
  epoch: 1,
  quorum: { freeze: 3, lift: SEATS, change: SEATS },
  members: keys.map(({ listed }) => listed),
};

/** One run that asks two questions at once: a committee has at most fifty seats. */
const QUESTIONS = [
  '- id: ask',
  '  summary: Two questions',
  '  parallel:',
  '    branches:',
  ...STEPS.flatMap((step) => [
    `      ${step}:`,
    `        - { id: ${step}, summary: Ask, timeout: 1h, approval: { class: change, covers: [burn${step}], question: "Burn it?" } }`,
  ]),
  ...STEPS.map(
    (step) =>
      `- { id: burn${step}, summary: Burn, action: test.burn, with: { what: ${step} }, timeout: 1m, effect: irreversible }`,
  ),
].join('\n');

export const votes: Measure = {
  name: 'votes',
  about:
    `One run of a playbook asks a committee of ${SEATS} two questions at once; ${VOTES} signed votes are handed to it, evenly over one second. Result: from the first ` +
    'vote being sent to the last receipt; a receipt means that the run has verified the vote and the server has it on disk. The target is for a server with ' +
    `\`${SERVER_SETTING}=100\`, as \`workers/server.ts\` starts it; where it cannot be set, a workflow takes 10 Updates side by side and the client asks again.`,
  run: async (setting) => {
    const { runs = ROUNDS } = setting;
    const raised = await rounds(setting, runs, []);
    const usual = await rounds(setting, Math.min(runs, ROUNDS_WITHOUT), [SERVER_SETTING]);
    return [
      {
        title: `${VOTES} votes in one second, all receipted`,
        unit: 's',
        result: maximum(raised.map(({ wholeMs }) => wholeMs)) / 1_000,
        target: { of: 'result', max: 3 },
        detail: spread(raised),
      },
      {
        title: `  where ${SERVER_SETTING} cannot be set`,
        unit: 's',
        result: maximum(usual.map(({ wholeMs }) => wholeMs)) / 1_000,
        detail: spread(usual),
      },
    ];
  },
};

type Round = { readonly wholeMs: number; readonly ms: readonly number[] };

const rounds = (setting: Setting, count: number, without: readonly string[]): Promise<readonly Round[]> =>
  withEngine(setting, without, (engine) =>
    withStage(engine, committee, async (stage) => {
      const done: Round[] = [];
      for (let round = 1; round <= count; round += 1) {
        const late = AbortSignal.any([setting.signal, AbortSignal.timeout(ROUND_MS)]);
        done.push(await engine.client.withAbortSignal(late, () => once(engine, stage)));
        setting.say(
          `${round} of ${count}${without.length > 0 ? ' without the setting' : ''}: ${spread(done.slice(-1))}`,
        );
      }
      return done;
    }),
  );

async function once({ client }: Engine, { world }: OnStage): Promise<Round> {
  const handle = await startRun(client, world, STAGE_QUEUE, planOf(QUESTIONS));
  const signed = [];
  for (const step of STEPS) {
    const asked = await openApproval(handle, step);
    signed.push(...keys.map((key) => voteBy(key, asked)));
  }
  const startedAt = performance.now();
  const receipts = await Promise.allSettled(
    signed.map(async (vote, at) => {
      await wait((at * WITHIN_MS) / signed.length);
      const sentAt = performance.now();
      await cast(handle, vote, `vote-${at}`);
      return performance.now() - sentAt;
    }),
  );
  const wholeMs = performance.now() - startedAt;
  // Only now: whoever still asked would ask a connection that is closed.
  const ms = receipts.map((receipt) => {
    if (receipt.status === 'fulfilled') return receipt.value;
    throw receipt.reason;
  });
  const { outcome } = await handle.result();
  if (outcome !== 'done') throw new Error(`the run ended ${outcome}, though every seat had approved`);
  return { wholeMs, ms };
}

/** As long as the server says that it has too many, or gave a task up, it is asked again; the same vote under the same name counts once. */
async function cast(handle: Started, vote: SignedVote, updateId: string): Promise<void> {
  for (;;) {
    try {
      await handle.executeUpdate(castVote, { args: [vote], updateId });
      return;
    } catch (error) {
      const { cause } = error as { readonly cause?: { readonly code?: unknown; readonly message?: unknown } };
      if (cause?.code !== RESOURCE_EXHAUSTED && cause?.code !== UNAVAILABLE)
        throw new Error(`${updateId}: ${String(cause?.message ?? error)}`);
      await wait(AGAIN_MS);
    }
  }
}

function spread(done: readonly Round[]): string {
  const ms = done.flatMap((round) => round.ms);
  return `${done.length} times ${VOTES} votes; of one vote p50 ${quantile(ms, 0.5).toFixed(0)} ms, p99 ${quantile(ms, 0.99).toFixed(0)} ms; all after ${done
    .map(({ wholeMs }) => (wholeMs / 1_000).toFixed(2))
    .join(', ')} s`;
}
