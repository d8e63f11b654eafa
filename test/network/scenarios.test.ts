import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { activeKey } from '../../validator/custody/testkit/ceremonies.ts';
import { drawsOf, HostileSigners } from '../../validator/custody/testkit/hostile-signer.ts';
import { signOrder } from '../../validator/custody/testkit/network.ts';
import { COORDINATOR, LinkedFleet } from './rig/linked-fleet.ts';
import { Paying } from './rig/paying.ts';

/** The eight scenarios of the custody specification (section 7.3.8, with decision 3 on partitions), by their names: 15 validators of which 10 sign. */
jest.setTimeout(600_000);

const SEED = Number(process.env['FIREBREAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const VALIDATORS = 15;
const THRESHOLD = 10;
const IDS = Array.from({ length: VALIDATORS }, (_unused, at) => at + 1);
const HIGH_LATENCY_MS = 5_000;
const LOSS_PERCENT = 20;
/** How long a coordinator waits for those that it cannot reach. */
const ROUND_MS = 5_000;

let linked: LinkedFleet;
let paying: Paying;
let orders = 0;

beforeAll(async () => {
  linked = await LinkedFleet.start({ validators: VALIDATORS, threshold: THRESHOLD, chance: drawsOf(SEED) });
  paying = await Paying.open(linked, (await activeKey(linked.fleet)).certificate);
});
afterEach(async () => {
  linked.handlers.clear();
  linked.links.lift('scenario');
  const down = IDS.filter((id) => !linked.running.includes(id));
  if (down.length > 0) await linked.upAll(down.map((id) => validatorId(id)));
  await linked.whole();
});
afterAll(() => linked?.stop());

/** Hands a lift to one validator; the others get it from each other. */
async function bring(to: number): Promise<number> {
  orders += 1;
  const signedOrder = canonicalBytes(signOrder(linked.fleet.network, { kind: 'lift', number: orders }, 3));
  expect(await linked.fleet.ask(to, { case: 'obeyOrder', value: { signedOrder } })).toMatchObject({ ok: true });
  return orders;
}
const obeyedBy = (ids: readonly number[], number: number): Promise<void> =>
  linked.until(() => ids.every((id) => linked.fleet.get(id).agent.report().orders.number === number));
const stop = async (ids: readonly number[]): Promise<void> => {
  for (const id of ids) await linked.down(id);
  await linked.whole();
};
const firstOf = (count: number): number[] => IDS.slice(0, count);
const lastOf = (count: number): number[] => IDS.slice(-count);
const margins = async (): Promise<readonly number[]> => [...new Set(await linked.margins())];
const split = (one: readonly number[], other: readonly number[]): void =>
  linked.links.between('scenario', linked.places(one), linked.places(other), { held: true });

test('normal: 15 validators are connected, an order reaches all, and ten of them sign in one session', async () => {
  expect(IDS.map((id) => linked.host(id).connected().length)).toEqual(IDS.map(() => VALIDATORS - 1));
  expect(await margins()).toEqual([VALIDATORS - THRESHOLD]);
  await obeyedBy(IDS, await bring(1));
  const { signature, sessions, signers, refusals } = await paying.pay();
  expect([signature?.length, sessions, signers.length, refusals]).toEqual([64, 1, THRESHOLD, []]);
});

test('single failure: 14 validators go on, and the one that returns obeys what it missed', async () => {
  await stop([15]);
  expect(await margins()).toEqual([14 - THRESHOLD]);
  const missed = await bring(1);
  expect((await paying.pay()).signature).toHaveLength(64);
  await linked.upAll([validatorId(15)]);
  await obeyedBy(IDS, missed);
});

test('5 failures: the ten that are left sign, and their margin is nothing', async () => {
  await stop(lastOf(5));
  expect(await margins()).toEqual([0]);
  const { signature, signers } = await paying.pay();
  expect([signature?.length, signers]).toEqual([64, firstOf(THRESHOLD)]);
});

test('6 failures: nobody signs, the margin of all who are left says so, and the same payout is signed when one returns', async () => {
  await stop(lastOf(6));
  expect(await margins()).toEqual([-1]);
  const plan = paying.plan();
  expect((await paying.pay(plan)).signature).toBeUndefined();
  await linked.upAll([validatorId(10)]);
  await linked.whole();
  expect((await paying.pay({ ...plan, ceremony: paying.plan().ceremony })).signature).toHaveLength(64);
});

test('partition: of eight and seven neither side signs; when they meet again, all obey the latest order and sign', async () => {
  const [eight, seven] = [firstOf(8), lastOf(7)];
  split(eight, seven);
  const plan = paying.plan();
  for (const [reached, cut] of [
    [eight, seven],
    [seven, eight],
  ] as const) {
    linked.links.between('coordinator', [COORDINATOR], linked.places(cut), { held: true });
    const alone = await paying.pay({ ...plan, ceremony: paying.plan().ceremony }, [], ROUND_MS);
    expect(alone.signature).toBeUndefined();
    expect(reached).toEqual(expect.arrayContaining([...alone.signers]));
    linked.links.lift('coordinator');
  }
  const [inEight, inSeven] = [await bring(1), await bring(15)];
  await obeyedBy(eight, inEight);
  await obeyedBy(seven, inSeven);
  linked.links.lift('scenario');
  await obeyedBy(IDS, inSeven);
  expect((await paying.pay({ ...plan, ceremony: paying.plan().ceremony })).signature).toHaveLength(64);
});

test('partition: of ten and five the ten sign, and the five obey afterwards', async () => {
  const [ten, five] = [firstOf(10), lastOf(5)];
  split(ten, five);
  linked.links.between('scenario', [COORDINATOR], linked.places(five), { held: true });
  const order = await bring(1);
  expect((await paying.pay()).signers).toEqual(ten);
  await obeyedBy(ten, order);
  linked.links.lift('scenario');
  await obeyedBy(IDS, order);
});

test('high latency: five validators that hear and answer five seconds late hold nobody up, and obey with the others', async () => {
  const late = lastOf(5);
  linked.links.between('scenario', linked.places(late), [...linked.places(firstOf(10)), COORDINATOR], {
    delayMs: HIGH_LATENCY_MS,
  });
  const { signature, signers, sessions } = await paying.pay();
  expect([signature?.length, signers, sessions]).toEqual([64, firstOf(THRESHOLD), 1]);
  await obeyedBy(IDS, await bring(1));
});

test('message loss: with one piece of five lost everything arrives in the end, and a payout is signed in one session', async () => {
  const all = [...linked.places(IDS), COORDINATOR];
  linked.links.impose('scenario', all, all, { lossPercent: LOSS_PERCENT });
  const { signature, sessions } = await paying.pay();
  expect([signature?.length, sessions]).toEqual([64, 1]);
  await obeyedBy(IDS, await bring(1));
});

test.each([1, 2, 3])(
  'byzantine: %i malicious validators are named, nobody else is, and the others sign',
  async (count) => {
    const identities = new Map(IDS.map((id) => [validatorId(id), linked.fleet.network.hosts[id - 1]?.key] as const));
    const hostile = new HostileSigners(
      linked.fleet.genesis,
      new Map([...identities].flatMap(([id, key]) => (key === undefined ? [] : [[id, key] as const]))),
      count,
      { spoilers: (inIt) => inIt, deeds: ['wrong'], commitmentDeeds: ['honest'] },
      SEED + count,
    );
    for (const id of hostile.hostile)
      linked.handlers.set(
        id,
        hostile.handlerOf(id, (bytes) =>
          linked.fleet.get(id).agent.handle(bytes, linked.fleet.network.coordinator.identity),
        ),
      );
    const { signature, culprits, sessions } = await paying.pay(paying.plan(), [...hostile.hostile]);
    expect(signature).toHaveLength(64);
    expect(sorted(culprits)).toEqual(sorted([...hostile.hostile]));
    expect(sessions).toBeLessThanOrEqual(1 + count);
  },
);

const sorted = (ids: readonly ValidatorId[]): ValidatorId[] => ids.toSorted((one, other) => one - other);
