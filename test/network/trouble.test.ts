import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import type { Journal } from '../../validator/custody/journal/journal.ts';
import { activeKey } from '../../validator/custody/testkit/ceremonies.ts';
import { drawsOf } from '../../validator/custody/testkit/hostile-signer.ts';
import { signOrder } from '../../validator/custody/testkit/network.ts';
import { announcementsTopic } from '../../wire/stream/protocol.ts';
import { COORDINATOR, LinkedFleet } from './rig/linked-fleet.ts';
import { Paying } from './rig/paying.ts';

/** Trouble that a network has to outlast, on five validators of which three sign; everything heals by itself. */
jest.setTimeout(400_000);

const SEED = Number(process.env['FIREBREAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const IDS = [1, 2, 3, 4, 5];
const HOSTILE = 5;
/** A liveness announcement of somebody whose clock is further off is stale. */
const SKEW_MS = 660_000;
const SLOW_SYNC_MS = 100;

let linked: LinkedFleet;
let paying: Paying;
let orders = 0;
const skews = new Map<number, number>();
const slow = new Set<number>();

beforeAll(async () => {
  linked = await LinkedFleet.start({
    validators: IDS.length,
    threshold: 3,
    chance: drawsOf(SEED),
    fleet: {
      clock: (id) => Date.now() + (skews.get(id) ?? 0),
      journal: (journal, id) => onSlowDisk(journal, () => slow.has(id)),
    },
    host: { announceMs: 1_000, rollCallMs: 500, deafMs: 1_000, limits: { requestMs: 5_000, answerMs: 60_000 } },
  });
  paying = await Paying.open(linked, (await activeKey(linked.fleet)).certificate);
});
afterEach(async () => {
  skews.clear();
  slow.clear();
  await linked.whole();
});
afterAll(() => linked?.stop());

/** Whatever has to be on disk when it returns takes longer. */
function onSlowDisk(journal: Journal, isSlow: () => boolean): Journal {
  const late = <T extends object>(part: T, writes: readonly (keyof T)[]): T =>
    new Proxy(part, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...given: readonly unknown[]): unknown => {
          if (writes.includes(name as keyof T) && isSlow())
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLOW_SYNC_MS);
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  return {
    ...journal,
    releases: late(journal.releases, ['lock', 'commit']),
    orders: late(journal.orders, ['append']),
    steps: late(journal.steps, ['record']),
    proposals: late(journal.proposals, ['forget']),
  };
}

async function bring(to: number): Promise<number> {
  orders += 1;
  const signedOrder = canonicalBytes(signOrder(linked.fleet.network, { kind: 'lift', number: orders }, 3));
  expect(await linked.fleet.ask(to, { case: 'obeyOrder', value: { signedOrder } })).toMatchObject({ ok: true });
  return orders;
}
const numberAt = (id: number): number => linked.fleet.get(id).agent.report().orders.number;
const obeyedBy = (ids: readonly number[], number: number): Promise<void> =>
  linked.until(() => ids.every((id) => numberAt(id) === number));
const topic = (): string => announcementsTopic(linked.fleet.genesis);
const others = IDS.filter((id) => id !== HOSTILE);
const heardOf = (author: number, by: number): number => linked.heard.get(`${by}<${author}`) ?? 0;
const droppedBy = (id: number, reason: string): number =>
  linked.dropped(id, reason) + (linked.fleet.get(id).agent.report().counters.dropped[reason] ?? 0);

test('a link that carries one way only: what goes that way arrives, the rest arrives when it carries both ways', async () => {
  linked.links.impose('one way', linked.places([1, 2]), linked.places([3, 4, 5]), { held: true });
  await obeyedBy(IDS, await bring(3));
  const late = await bring(1);
  await obeyedBy([1, 2], late);
  expect((await paying.pay(paying.plan(), [3, 4, 5])).signature).toHaveLength(64);
  expect([3, 4, 5].map(numberAt)).toEqual([late - 1, late - 1, late - 1]);
  linked.links.lift('one way');
  await obeyedBy(IDS, late);
});

test('clocks that are eleven minutes off: what they say of themselves is stale to all others, and they sign and obey as before', async () => {
  const before = others.map((id) => droppedBy(id, 'stale'));
  skews.set(4, SKEW_MS);
  skews.set(5, -SKEW_MS);
  await linked.until(() => [1, 2, 3].every((id, at) => droppedBy(id, 'stale') > (before[at] ?? 0) + 4));
  const payment = await paying.pay(paying.plan(), [3, 4, 5]);
  expect([payment.signature?.length, payment.signers, payment.refusals]).toEqual([64, [3, 4, 5], []]);
  await obeyedBy(IDS, await bring(4));
  await obeyedBy(IDS, await bring(1));
});

test('a disk that takes its time: its validator signs later, and the others do not wait for it', async () => {
  slow.add(1);
  const payment = await paying.pay(paying.plan(), [1, 2, 3]);
  expect([payment.signature?.length, payment.signers, payment.sessions]).toEqual([64, [1, 2, 3], 1]);
  await obeyedBy(IDS, await bring(1));
});

test('a flood of what is wrong closes the ear to its sender alone, and only while it lasts', async () => {
  await linked.until(() => {
    for (let at = 0; at < 20; at += 1)
      void linked
        .gossip(HOSTILE)
        .publish(topic(), Uint8Array.from(randomBytes(64)))
        .catch(() => undefined);
    return others.every((id) => linked.dropped(id, 'graylisted') > 0);
  });
  await obeyedBy(others, await bring(1));
  for (const id of others) expect(linked.dropped(id, 'graylisted')).toBeGreaterThan(0);
  linked.heard.clear();
  await linked.until(() => others.every((id) => heardOf(HOSTILE, id) > 0 && heardOf(1, id === 1 ? 2 : id) > 0));
  expect((await paying.pay()).signature).toHaveLength(64);
});

type Streams = { readonly streamsOutbound: ReadonlyMap<string, unknown> };

test('what waits for a peer that does not read has an end, and the peer hears again when it reads', async () => {
  const speaking = () => (linked.gossip(1) as unknown as Streams).streamsOutbound.size;
  expect(speaking()).toBe(IDS.length - 1);
  linked.links.impose('not reading', linked.places([1]), linked.places([HOSTILE]), { held: true });
  await linked.until(() => {
    void linked
      .gossip(1)
      .publish(topic(), Uint8Array.from(randomBytes(500_000)))
      .catch(() => undefined);
    return speaking() < IDS.length - 1;
  });
  await linked.until(() => linked.dropped(1, 'deaf') > 0);
  linked.links.lift('not reading');
  await linked.whole();
  await linked.until(() => speaking() === IDS.length - 1);
  await obeyedBy(IDS, await bring(1));
  expect(linked.links.connections(COORDINATOR, linked.places([1])[0] ?? '')).toBe(1);
});
