import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { progressQuery } from '../../workflows/lib/messages.ts';
import type { PayOutResult } from '../../workflows/pay-out/messages.ts';
import { realAgents } from './rig/agents.ts';
import { expectOnePayment, passByUntil, startClimbing, waiting } from './rig/fees.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { deposit, openVault } from './rig/steps.ts';
import { AMOUNT_SATS, PAYOUT_SCRIPT, type TestWorld, testWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ threshold: 3, participants: 5, agents: realAgents });
  worker = await startWorker(env, world);
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
});

/** Others pay so much that a payout of one deposit costs this; what pays less falls out. */
const crowd = (feeSats: number): void => {
  const vsize = world.deps.chain.codec.payoutVsize(1, PAYOUT_SCRIPT);
  world.dev.crowd(feeSats === 0 ? 0 : Math.floor((feeSats * 1_000) / vsize));
};
const isWaiting = (feeSats: number) => async (): Promise<boolean> =>
  waiting(world, AMOUNT_SATS)[0]?.feeSats === feeSats;
const waits = (feeSats: number) => eventually(`${feeSats} sat wait for a block`, isWaiting(feeSats));
type Handle = Awaited<ReturnType<typeof startClimbing>>;
const settling = (paying: Handle) =>
  eventually('it waits for blocks', async () => (await paying.query(progressQuery)).phase === 'settling');
const settled = async (paying: Handle) => {
  const result = (await paying.result()) as PayOutResult;
  if (result.outcome !== 'settled') throw new Error(JSON.stringify(result));
  return result;
};

test('a run that is lost between the signature of a replacement and its hand-in ends, begun again, at that replacement', async () => {
  const vault = await openVault(env, world, worker.taskQueue, {}, 1);
  const coin = await deposit(world, vault.script, 2);
  let [first, signed] = ['', ''];
  const { broadcastPayout } = world.activities;
  const dying = await startWorker(env, {
    activities: {
      ...world.activities,
      broadcastPayout: (input) => {
        if (input.transaction.digest === first || first === '') {
          first = input.transaction.digest;
          return broadcastPayout(input);
        }
        signed = input.txid;
        return Context.current().cancelled;
      },
    },
  });
  const lost = await startClimbing({ env, world, taskQueue: dying.taskQueue }, vault, [coin]);
  await waits(500);
  await settling(lost);
  crowd(900);
  await passByUntil(world, 'the replacement is signed', async () => signed !== '');
  await lost.terminate('everything about it is lost');
  await dying.stop();
  const again = await startClimbing({ env, world, taskQueue: worker.taskQueue }, vault, [coin]);
  await waits(1_000);
  await world.dev.mine(2);
  const paid = await settled(again);
  // The lowest fee is not given any more, so it took the next one, whose transaction is the very same.
  expect(paid).toMatchObject({ txid: signed, feeSats: 1_000 });
  await expectOnePayment(world, [coin], [{ ...paid }], signed);
  crowd(0);
});

test('two coordinators with one request, one of them at a higher fee, end at one transaction and one payment', async () => {
  const before = world.chain.view.outputs(PAYOUT_SCRIPT).outputs.length;
  const vault = await openVault(env, world, worker.taskQueue, {}, 2);
  const coin = await deposit(world, vault.script, 2);
  const place = { env, world, taskQueue: worker.taskQueue };
  const slow = await startClimbing(place, vault, [coin], { input: { bumpAfterBlocks: 1_000 } });
  await waits(500);
  await settling(slow);
  const quick = await startClimbing(place, vault, [coin], { coordinator: '/quick' });
  await settling(quick);
  crowd(1_500);
  await passByUntil(world, 'the replacement is handed in', isWaiting(2_000));
  const late = await startClimbing(place, vault, [coin], { coordinator: '/late' });
  await settling(late);
  await world.dev.mine(2);
  const ends = await Promise.all([settled(quick), settled(late)]);
  for (const end of ends) expect(end).toMatchObject({ feeSats: 2_000, txid: ends[0].txid });
  // The one that did nothing is told that another transaction of the same coins won, unless it found the node without its own.
  expect(await slow.result()).toMatchObject({ txid: ends[0].txid });
  expect(world.chain.view.outputs(PAYOUT_SCRIPT).outputs.length).toBe(before + 1);
  crowd(0);
});
