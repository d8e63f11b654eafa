import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { FROZEN_UNTIL_LIFTED_SECONDS, type Order } from '../../domain/committee/order.ts';
import { OrderStateSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { signOrder } from './testkit/network.ts';
import { payoutBench, SIGNERS } from './testkit/payout-bench.ts';
import { commitTo, requestBytes } from './testkit/payouts.ts';

const bench = payoutBench();
const trouble = { code: 'policy.reorg-too-deep', message: 'a branch leaves ours 9 blocks below our tip' };
const one = () => bench.fleet.get(1);
const signing = async (): Promise<string> => {
  const plan = bench.plan();
  // Others commit, whatever this one thinks; a no to its own commitment is a no as well.
  const commitments = await commitTo(bench.fleet, plan, SIGNERS).catch((error: unknown) => String(error));
  if (typeof commitments === 'string') return /: ([a-z-]+\.[a-z-]+):/.exec(commitments)?.[1] ?? commitments;
  const reply = await bench.give(requestBytes(plan, commitments));
  return reply.ok ? 'signed' : reply.code;
};
let numbers = 0;
const obey = (order: Partial<Order>) => {
  numbers += 1;
  const inTime = { expiresAtSeconds: Math.floor(bench.nowMs / 1_000) + 600 };
  return one().agent.obey(signOrder(bench.fleet.network, { number: numbers, ...inTime, ...order }, 3));
};
const liftWith = (block?: Order['block']) => obey({ kind: 'lift', ...(block === undefined ? {} : { block }) });
const stopped = (is: boolean): void => {
  one().chain.synced = !is;
  one().chain.trouble = is ? trouble : undefined;
};

/** The view has stopped, and everything that happens to it afterwards was without a word of the committee. */
async function frozenByItself(): Promise<void> {
  stopped(true);
  expect(one().agent.report().frozenBy).toMatchObject({ kind: 'own-chain', number: numbers, tip: one().chain.tip });
  stopped(false);
}
const ended = async (): Promise<void> => {
  await liftWith(one().chain.tip);
  expect(await signing()).toBe('signed');
};

test('a validator freezes payouts by itself, also when the branch that was too deep is gone again', async () => {
  expect(await signing()).toBe('signed');
  await frozenByItself();
  expect(await signing()).toBe('policy.frozen');
  expect(one().agent.report()).toMatchObject({
    orders: { frozenUntilSeconds: FROZEN_UNTIL_LIFTED_SECONDS },
    frozenBy: { kind: 'own-chain', reason: `${trouble.code}: ${trouble.message}` },
  });
  await ended();
});

test('its freeze outlives a crash and an index that forgot why, and no time ends it', async () => {
  await frozenByItself();
  await bench.fleet.crash(1);
  bench.nowMs += 400 * 86_400_000;
  expect(await signing()).toBe('policy.frozen');
  await ended();
});

test('a request is the first to notice when nothing else has asked', async () => {
  stopped(true);
  await bench.fleet.ask(1, { case: 'sayStatus', value: {} });
  stopped(false);
  expect(await signing()).toBe('policy.frozen');
  await ended();
});

test('neither a freeze that ends, nor a lift of it, nor a lift that names no block of this chain ends it', async () => {
  await frozenByItself();
  await obey({ kind: 'freeze', expiresAtSeconds: Math.floor(bench.nowMs / 1_000) + 60 });
  bench.nowMs += 120_000;
  expect(await signing()).toBe('policy.frozen');
  await liftWith();
  expect(await signing()).toBe('policy.frozen');
  const block = { hash: 'ab'.repeat(32), height: one().chain.tip.height };
  await liftWith(block);
  expect(await signing()).toBe('policy.frozen');
  await ended();
});

test('a lift that was obeyed before says nothing about a reorganisation that came after', async () => {
  await liftWith(one().chain.tip);
  await frozenByItself();
  expect(await signing()).toBe('policy.frozen');
  await ended();
});

test('a lift that was obeyed before the own view stopped counts when it names another chain than the one that is left', async () => {
  const named = { hash: 'ef'.repeat(32), height: one().chain.tip.height + 1 };
  await liftWith(named);
  stopped(true);
  expect(one().agent.report().frozenBy).toMatchObject({ kind: 'own-chain', number: numbers - 1 });
  one().agent.announce();
  expect(one().chain.accepted).toEqual(named);
  stopped(false);
  expect(await signing()).toBe('policy.frozen');
  one().chain.mineAs(named.hash);
  expect(await signing()).toBe('signed');
});

test('an order that came between such a lift and the own view is the last word, and the committee has to speak again', async () => {
  await liftWith({ hash: 'fe'.repeat(32), height: one().chain.tip.height + 1 });
  await liftWith();
  await frozenByItself();
  expect(await signing()).toBe('policy.frozen');
  await ended();
});

test('while the view stands still the lift tells it which chain to follow, and payouts wait until it has it', async () => {
  stopped(true);
  one().agent.announce();
  const block = { hash: 'cd'.repeat(32), height: one().chain.tip.height + 2 };
  await liftWith(block);
  one().agent.announce();
  expect(one().chain.accepted).toEqual(block);
  expect(one().agent.report().frozenBy).toMatchObject({ kind: 'own-chain' });
  stopped(false);
  expect(await signing()).toBe('policy.frozen');
  await ended();
  expect(one().journal.chainFreezes.count()).toBeGreaterThan(0);
});

test('a later freeze of the committee does not take back what its lift said about the chain', async () => {
  await frozenByItself();
  await liftWith(one().chain.tip);
  await obey({ kind: 'freeze', expiresAtSeconds: Math.floor(bench.nowMs / 1_000) + 60 });
  expect(one().agent.report().frozenBy).toMatchObject({ kind: 'order', number: numbers });
  bench.nowMs += 120_000;
  expect(await signing()).toBe('signed');
});

test('what it says to others carries the freeze', async () => {
  await frozenByItself();
  const reply = await bench.fleet.ask(1, { case: 'sayOrderState', value: {} });
  const said = reply.ok ? fromBinary(OrderStateSchema, reply.envelope.payload) : undefined;
  expect(said?.frozenUntilSeconds).toBe(BigInt(FROZEN_UNTIL_LIFTED_SECONDS));
  await ended();
});

test('a freeze that the journal cannot take halts the validator', async () => {
  const { journal, agent } = bench.fleet.get(4);
  journal.close();
  bench.fleet.get(4).chain.trouble = trouble;
  agent.announce();
  expect(agent.report().state).toBe('halted');
});
