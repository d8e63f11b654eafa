import { expect } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { progressQuery } from '../../workflows/lib/messages.ts';
import type { PayOutResult } from '../../workflows/pay-out/messages.ts';
import { estimateOf, expectOnePayment, LADDER, passByUntil, startClimbing, waiting } from './rig/fees.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { deposit, openVault } from './rig/steps.ts';
import { onServer, type Scene } from './rig/suite.ts';
import { AMOUNT_SATS, PAYOUT_SCRIPT, type TestWorld } from './rig/world.ts';

const { scenario, onceScenario } = onServer();

type Handle = Awaited<ReturnType<typeof startClimbing>>;
const page = (paying: Handle) => paying.query(progressQuery);
const settling = (paying: Handle) =>
  eventually('it waits for blocks', async () => (await page(paying)).phase === 'settling');
const isWaiting = (world: TestWorld, feeSats: number) => async (): Promise<boolean> => {
  const [one, more] = waiting(world, AMOUNT_SATS);
  return more === undefined && one?.feeSats === feeSats;
};
const waits = (world: TestWorld, feeSats: number) =>
  eventually(`${feeSats} sat wait for a block`, isWaiting(world, feeSats));
const climbs = (world: TestWorld, feeSats: number) =>
  passByUntil(world, `${feeSats} sat wait for a block`, isWaiting(world, feeSats));
const passes = (world: TestWorld, what: string, look: () => Promise<boolean>) => passByUntil(world, what, look);
const resultOf = async (paying: Handle): Promise<PayOutResult> => (await paying.result()) as PayOutResult;
async function fundedVault({ env, world, taskQueue }: Scene) {
  const vault = await openVault(env, world, taskQueue);
  return { vault, coin: await deposit(world, vault.script, 2) };
}

scenario(
  'a payout that blocks pass by is replaced at the fee that validators name, over the same coins to the same script',
  async (scene) => {
    const { world } = scene;
    const { vault, coin } = await fundedVault(scene);
    const paying = await startClimbing(scene, vault, [coin]);
    await waits(world, 500);
    await settling(paying);
    estimateOf(world, 1_500);
    await climbs(world, 2_000);
    await world.dev.mine(2);
    const paid = await resultOf(paying);
    if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
    expect(paid).toMatchObject({ feeSats: 2_000, payoutSats: AMOUNT_SATS - 2_000, sessions: 2 });
    expect(paid.alsoSigned?.map(({ feeSats }) => feeSats)).toEqual([500, 2_000]);
    await expectOnePayment(world, [coin], paid.alsoSigned ?? [], paid.txid);
    await keepHistory(paying, 'pay-out-climbs');
  },
);

onceScenario('the original wins after its replacement was signed, and the result says so', async (scene) => {
  const { world } = scene;
  const { vault, coin } = await fundedVault(scene);
  const paying = await startClimbing(scene, vault, [coin]);
  await waits(world, 500);
  const [original] = waiting(world, AMOUNT_SATS);
  await settling(paying);
  estimateOf(world, 900);
  await climbs(world, 1_000);
  await world.dev.forkFrom((await world.dev.tip()).height, 1, {
    include: original === undefined ? [] : [original.bytes],
  });
  await world.dev.mine(1);
  const paid = await resultOf(paying);
  if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
  expect(paid.feeSats).toBe(500);
  expect(paid.alsoSigned?.map(({ feeSats }) => feeSats)).toEqual([500, 1_000]);
  expect(paid.txid).toBe(paid.alsoSigned?.[0]?.txid);
  await expectOnePayment(world, [coin], paid.alsoSigned ?? [], paid.txid);
});

onceScenario('in a fee spike the node does not take it, and it goes up at once and not after blocks', async (scene) => {
  const { world } = scene;
  const { vault, coin } = await fundedVault(scene);
  const vsize = world.deps.chain.codec.payoutVsize(1, PAYOUT_SCRIPT);
  world.dev.crowd(Math.floor((900 * 1_000) / vsize));
  estimateOf(world, 900);
  const paying = await startClimbing(scene, vault, [coin]);
  await waits(world, 1_000);
  await world.dev.mine(2);
  expect(await resultOf(paying)).toMatchObject({ outcome: 'settled', feeSats: 1_000 });
});

onceScenario('a payout that falls out of a full mempool goes up although no block passes', async (scene) => {
  const { world } = scene;
  const { vault, coin } = await fundedVault(scene);
  const paying = await startClimbing(scene, vault, [coin]);
  await waits(world, 500);
  await settling(paying);
  estimateOf(world, 900);
  const vsize = world.deps.chain.codec.payoutVsize(1, PAYOUT_SCRIPT);
  world.dev.crowd(Math.floor((900 * 1_000) / vsize));
  expect(world.dev.mempool.size).toBe(0);
  await waits(world, 1_000);
  await world.dev.mine(2);
  expect(await resultOf(paying)).toMatchObject({ outcome: 'settled', feeSats: 1_000, sessions: 2 });
});

scenario('without an estimate it says so, waits once more, and goes up by one step', async (scene) => {
  const { world } = scene;
  const { vault, coin } = await fundedVault(scene);
  const paying = await startClimbing(scene, vault, [coin]);
  await waits(world, 500);
  await settling(paying);
  await passes(world, 'it says that nobody knows', async () => (await page(paying)).phase === 'waiting-for-estimate');
  const { next, meanwhile } = await page(paying);
  expect(next).toContain('its node has seen too little');
  expect(meanwhile).toContain('it is replaced at 1000 sat all the same');
  await waits(world, 500);
  await climbs(world, 1_000);
  await world.dev.mine(2);
  expect(await resultOf(paying)).toMatchObject({ outcome: 'settled', feeSats: 1_000, sessions: 2 });
  await keepHistory(paying, 'pay-out-climbs-without-estimate');
});

onceScenario(
  'a fee above the whole ladder is for the release key to sign, and what it signs ends the first payout too',
  async (scene) => {
    const { world } = scene;
    const { vault, coin } = await fundedVault(scene);
    const paying = await startClimbing(scene, vault, [coin]);
    await waits(world, 500);
    await settling(paying);
    estimateOf(world, 9_000);
    await climbs(world, 4_000);
    await settling(paying);
    await passes(world, 'it names the release key', async () => (await page(paying)).phase === 'waiting-for-fee');
    const { next, awaitingRole } = await page(paying);
    expect(awaitingRole).toBe('release-key-holder');
    expect(next).toMatch(
      /higher fee than 4000 sat, a payout costs (8999|9000) sat now: `firebreak payout [0-9a-f]{8} --release-key <file> --fee \d+`$/,
    );
    const dearer = await startClimbing(scene, vault, [coin], { request: { feeSats: 9_000, higherFeesSats: [10_000] } });
    await waits(world, 9_000);
    await world.dev.mine(2);
    const paid = await resultOf(dearer);
    expect(paid).toMatchObject({ outcome: 'settled', feeSats: 9_000 });
    const first = await resultOf(paying);
    expect(first).toMatchObject({ outcome: 'settled-before', txid: paid.outcome === 'settled' ? paid.txid : '' });
    if (first.outcome !== 'settled-before') return;
    expect(first.alsoSigned?.map(({ feeSats }) => feeSats)).toEqual([500, 4_000]);
    await expectOnePayment(world, [coin], first.alsoSigned ?? [], first.txid);
  },
);

onceScenario(
  'while validators say that its fee is enough, it is not replaced, however many blocks pass',
  async (scene) => {
    const { world } = scene;
    const { vault, coin } = await fundedVault(scene);
    const paying = await startClimbing(scene, vault, [coin]);
    await waits(world, 500);
    await settling(paying);
    estimateOf(world, 400);
    for (let times = 0; times < 3; times += 1) {
      await passes(world, 'it says why not', async () =>
        (await page(paying)).meanwhile.includes('what validators say'),
      );
    }
    await world.dev.mine(2);
    const paid = await resultOf(paying);
    expect(paid).toMatchObject({ outcome: 'settled', feeSats: 500, sessions: 1 });
    expect(paid).not.toHaveProperty('alsoSigned');
  },
);

onceScenario(
  'a higher fee that validators do not sign leaves the payout as it is, and it is asked for again',
  async (scene) => {
    const { world } = scene;
    const { vault, coin } = await fundedVault(scene);
    const paying = await startClimbing(scene, vault, [coin]);
    await waits(world, 500);
    await settling(paying);
    let frozen = true;
    for (const validator of world.validators.values())
      validator.behave = (request) => (frozen && request === 'givePartials' ? { refuse: 'policy.frozen' } : 'answer');
    estimateOf(world, 900);
    await passes(world, 'it says why', async () =>
      (await page(paying)).meanwhile.includes('a higher fee was not signed'),
    );
    await waits(world, 500);
    frozen = false;
    await climbs(world, 1_000);
    await world.dev.mine(2);
    expect(await resultOf(paying)).toMatchObject({ outcome: 'settled', feeSats: 1_000 });
  },
);

onceScenario(
  'a worker that dies between the signature and the hand-in of a replacement is carried on by another',
  async (scene) => {
    const { env, world } = scene;
    const { vault, coin } = await fundedVault(scene);
    let handIns = 0;
    const { broadcastPayout } = world.activities;
    const dies = {
      ...world.activities,
      broadcastPayout: (input: Parameters<typeof broadcastPayout>[0]) => {
        handIns += 1;
        return handIns >= 2 ? Context.current().cancelled : broadcastPayout(input);
      },
    };
    const first = await startWorker(env, { activities: dies });
    const place = { ...scene, taskQueue: first.taskQueue };
    const paying = await startClimbing(place, vault, [coin]);
    await waits(world, 500);
    await settling(paying);
    estimateOf(world, 900);
    await passes(world, 'the replacement is signed and not handed in', async () => handIns >= 2);
    await first.stop();
    await waits(world, 500);
    const second = await startWorker(env, world, { taskQueue: first.taskQueue });
    try {
      await waits(world, 1_000);
      await world.dev.mine(2);
      const paid = await resultOf(paying);
      expect(paid).toMatchObject({ outcome: 'settled', feeSats: 1_000, sessions: 2 });
      if (paid.outcome === 'settled') await expectOnePayment(world, [coin], paid.alsoSigned ?? [], paid.txid);
    } finally {
      await second.stop();
    }
  },
);

onceScenario('a ladder whose highest fee would leave dust is refused before anybody signs', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2, 4_200);
  const paying = await startClimbing(scene, vault, [coin], { request: { amountSats: 4_200 } });
  expect(await resultOf(paying)).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.payout-dust' } });
  expect(LADDER.at(-1)).toBe(4_000);
});
