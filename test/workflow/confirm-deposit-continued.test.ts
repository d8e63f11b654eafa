import { expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { DepositObservation } from '../../activities/deposits.ts';
import type { VaultId } from '../../domain/vault/terms.ts';
import {
  CONFIRM_DEPOSIT,
  closeDepositUpdate,
  type ConfirmDepositInput,
  depositQuery,
  startConfirmDeposit,
} from '../../workflows/confirm-deposit/messages.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import { HISTORY_EVENTS_MAX } from '../../workflows/settings.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { type Run, runsOf } from './rig/runs.ts';
import { BLOB, KEY, NETWORK, THRESHOLD, VALIDATORS } from './rig/scripted.ts';
import { onServerAlone } from './rig/suite.ts';

/** A run is left behind at this many events (workflows/confirm-deposit/workflow.ts). */
const EVENTS_BEFORE_CONTINUING = 1_000;
const DEPTH = 3;

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

const coin = (name: string, confirmations: number): DepositObservation['outputs'][number] => ({
  outpoint: { txid: name.repeat(64), vout: 0 },
  amountSats: 50,
  block: { hash: 'b0'.repeat(32), height: 10 },
  confirmations,
});
const look = (outputs: DepositObservation['outputs']): DepositObservation => ({
  fingerprint: JSON.stringify(outputs),
  outputs,
  anchor: { hash: 'a0'.repeat(32), height: 20 },
  agreeing: VALIDATORS.slice(0, THRESHOLD),
  quorum: THRESHOLD,
  keyState: 'active',
  deposit: { amountSats: 100, deadlineHeight: 50 },
  statements: BLOB,
});

type Looks = (look: number) => DepositObservation | undefined | Promise<DepositObservation | undefined>;

/** The real process on a real server, over a chain that answers at once: look by look what `looks` says, and after `last` nothing more. */
async function watch(vault: string, last: number, looks: Looks) {
  const asked: (string | undefined)[] = [];
  const observeDeposit = async ({ since }: { readonly since?: string }): Promise<DepositObservation | undefined> => {
    asked.push(since);
    return asked.length > last ? quiet() : looks(asked.length);
  };
  const worker = await startWorker(env, { activities: { observeDeposit } });
  const input: ConfirmDepositInput = {
    network: NETWORK,
    vault: vault.repeat(64) as VaultId,
    key: KEY,
    script: '51',
    watchFromHeight: 1,
    confirmations: DEPTH,
  };
  const handle = await env.client.workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(input, worker.taskQueue));
  return { handle, asked, worker };
}

/** A look at a chain on which nothing happens: it beats until the watch is closed. */
async function quiet(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 400);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
}

const inputOf = (run: Run | undefined): ConfirmDepositInput => {
  const payload = run?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (payload === undefined || payload === null) throw new Error('the run has no input');
  return defaultPayloadConverter.fromPayload(payload);
};

test('a watch goes on in a new run at its bound, knows what it knew, and names nothing twice', async () => {
  const half = look([coin('a', DEPTH)]);
  const whole = look([coin('a', DEPTH), coin('b', DEPTH)]);
  const LATER = 170;
  const { handle, asked, worker } = await watch('1', LATER, (at) => {
    if (at === 1) return look([coin('a', 1)]);
    if (at === 2) return half;
    return at === LATER ? whole : undefined;
  });
  try {
    await eventually(
      'the second coin is named',
      async () => (await handle.query(depositQuery)).state === 'double-deposited',
    );
    const report = await handle.query(depositQuery);
    expect(report.history.map(({ state }) => state)).toEqual(['seen', 'under-deposited', 'double-deposited']);
    expect(await handle.query(progressQuery)).toMatchObject({ phase: 'double-deposited', have: THRESHOLD });

    const [first, second, ...others] = await runsOf(env.client, handle);
    expect(others).toEqual([]);
    expect(first?.length).toBeGreaterThanOrEqual(EVENTS_BEFORE_CONTINUING);
    expect(first?.length).toBeLessThan(EVENTS_BEFORE_CONTINUING + 20);
    expect(EVENTS_BEFORE_CONTINUING + 20).toBeLessThan(HISTORY_EVENTS_MAX);
    // What the second run begins with is what the first one knew, to the millisecond.
    const { carried, ...input } = inputOf(second);
    expect(input).toEqual(inputOf(first));
    expect(carried).toMatchObject({ state: 'under-deposited', outputs: half.outputs, fingerprint: half.fingerprint });
    expect(carried?.history).toEqual(report.history.slice(0, 2));
    // Only the first look of all begins from nothing: the new run asks for what is news to the old one.
    expect(asked.slice(0, 3)).toEqual([undefined, look([coin('a', 1)]).fingerprint, half.fingerprint]);
    expect(new Set(asked.slice(2, LATER))).toEqual(new Set([half.fingerprint]));

    await handle.executeUpdate(closeDepositUpdate, { args: [{ reason: 'the scenario is over' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'closed', report: { outputs: whole.outputs } });
    const { workflowId, firstExecutionRunId } = handle;
    await keepHistory(
      env.client.workflow.getHandle(workflowId, firstExecutionRunId),
      'confirm-deposit-before-continuing',
    );
    await keepHistory(env.client.workflow.getHandle(workflowId), 'confirm-deposit-after-continuing');
  } finally {
    await worker.stop();
  }
});

test('a watch on a chain that never rests goes on run after run, with a record that stays bounded', async () => {
  const LAST = 400;
  const { handle, worker } = await watch('2', LAST, (at) =>
    look(at % 2 === 0 ? [coin('a', 1)] : [coin('a', 1), coin('b', 1)]),
  );
  try {
    await eventually('it came to its third run', async () => (await runsOf(env.client, handle)).length >= 3);
    for (const run of (await runsOf(env.client, handle)).slice(0, -1)) {
      expect(run.length).toBeGreaterThanOrEqual(EVENTS_BEFORE_CONTINUING);
      expect(run.length).toBeLessThan(HISTORY_EVENTS_MAX);
    }
    const last = (await runsOf(env.client, handle)).at(-1);
    expect(inputOf(last).carried?.history).toHaveLength(64);
  } finally {
    await handle.executeUpdate(closeDepositUpdate, { args: [{ reason: 'the scenario is over' }] });
    await worker.stop();
  }
});

test('a watch that is closed in the moment in which it goes on ends closed', async () => {
  let closing: Promise<unknown> | undefined;
  const { handle, worker } = await watch('3', 300, async () => {
    const { historyLength } = await env.client.workflow
      .getHandle(Context.current().info.workflowExecution?.workflowId ?? '')
      .describe();
    // The answer of this look is what brings the run over its bound.
    if (historyLength + 6 >= EVENTS_BEFORE_CONTINUING)
      closing ??= handle.executeUpdate(closeDepositUpdate, { args: [{ reason: 'just now' }] });
    return undefined;
  });
  try {
    expect(await handle.result()).toMatchObject({ outcome: 'closed', report: { state: 'closed' } });
    expect(await closing).toMatchObject({ state: 'closed' });
  } finally {
    await worker.stop();
  }
});
