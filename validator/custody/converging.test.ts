import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OrderState } from '../../domain/committee/order.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { type RequestBody, TestFleet } from './testkit/agents.ts';
import { nextCommittee, pinnedCommittee, type Seated, signEpoch, standingOrder, useOf } from './testkit/committee.ts';
import { hostKey, signOrder } from './testkit/network.ts';

const IDS = [1, 2, 3];
const RUNS = 8;
const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
let nowMs = Date.now();
let fleet: TestFleet;
const freshFleet = (): TestFleet => {
  fleet = new TestFleet(3, 2, { codec, keystore, clock: () => nowMs });
  return fleet;
};
afterEach(() => fleet.close());

type Order = { readonly kind: 'freeze' | 'lift'; readonly lastsSeconds: number };
const orders = fc.array(
  fc.record({
    kind: fc.constantFrom<Order['kind']>('freeze', 'lift'),
    lastsSeconds: fc.integer({ min: 100, max: 5_000 }),
  }),
  { minLength: 1, maxLength: 4 },
);
const uses = fc.array(
  fc.record({ afterOrder: fc.integer({ min: 0, max: 4 }), freezeSeconds: fc.integer({ min: 100, max: 3_600 }) }),
  { minLength: 1, maxLength: 5 },
);
/** In which order each validator gets what, and whether it crashes after it. */
const deliveries = fc.array(
  fc.record({ id: fc.constantFrom(...IDS), pick: fc.nat(), crashes: fc.integer({ min: 0, max: 9 }) }),
  { minLength: 20, maxLength: 60 },
);
type Delivery = { readonly id: number; readonly pick: number; readonly crashes: number };

const orderBody = (by: Seated, number: number, { kind, lastsSeconds }: Order): RequestBody => ({
  case: 'obeyOrder',
  value: {
    signedOrder: canonicalBytes(
      signOrder(
        { ...fleet.network, committee: by.keys },
        {
          kind,
          number,
          committeeEpoch: by.committee.epoch,
          expiresAtSeconds: Math.floor(nowMs / 1_000) + lastsSeconds,
        },
        3,
      ),
    ),
  },
});

async function deliver(bodies: readonly RequestBody[], each: readonly Delivery[]): Promise<void> {
  for (const { id, pick, crashes } of each) {
    const body = bodies[pick % bodies.length];
    if (body !== undefined) await fleet.ask(id, body);
    if (crashes === 0) await fleet.crash(id);
  }
}

/** Everybody hears everybody, as often as it takes a word to go round. */
async function talk(): Promise<void> {
  for (let round = 0; round < IDS.length; round += 1) {
    for (const from of IDS) {
      nowMs += 1;
      const said = fleet.get(from).agent.announce();
      for (const to of IDS) if (to !== from) await fleet.get(to).agent.hear(said, '');
    }
  }
}
const states = (): readonly OrderState[] => IDS.map((id) => fleet.get(id).agent.report().orders);
const distinct = (values: readonly unknown[]): number => new Set(values.map((value) => JSON.stringify(value))).size;

test('in whatever order validators get orders and uses of a grant, and wherever they crash, all end in one state with one budget spent', async () => {
  await fc.assert(
    fc
      .asyncProperty(orders, uses, deliveries, async (ordered, used, each) => {
        const { network } = freshFleet();
        const by = pinnedCommittee(network);
        const now = Math.floor(nowMs / 1_000);
        const grant = standingOrder(network, now, { limits: { usesMax: 5 } });
        const bodies: RequestBody[] = [
          ...ordered.map((order, at) => orderBody(by, at + 1, order)),
          ...used.map(
            (use, at): RequestBody => ({
              case: 'useGrant',
              value: {
                signedGrant: canonicalBytes(grant),
                signedGrantUse: canonicalBytes(
                  useOf(grant, now, {
                    run: `run ${at}`,
                    afterOrder: Math.min(use.afterOrder, ordered.length),
                    freezeSeconds: use.freezeSeconds,
                  }),
                ),
              },
            }),
          ),
        ];
        await deliver(bodies, each);
        // Whoever missed something gets it in the end: handed again, or told by those who obey it.
        await talk();
        for (const id of IDS) for (const body of bodies) await fleet.ask(id, body);
        await talk();
        expect(distinct(states())).toBe(1);
        expect(states()[0]?.number).toBe(ordered.length);
        expect(distinct(IDS.map((id) => fleet.get(id).journal.grants.count()))).toBe(1);
        for (const id of IDS) await fleet.crash(id);
        expect(distinct(states())).toBe(1);
      })
      .afterEach(() => fleet.close()),
    { numRuns: RUNS },
  );
  freshFleet();
});

test('whatever a hand-over came between, all validators end at the new committee, and its next order ends every difference', async () => {
  await fc.assert(
    fc
      .asyncProperty(orders, orders, deliveries, async (before, after, each) => {
        const { network } = freshFleet();
        const first = pinnedCommittee(network);
        const second = nextCommittee(first, [...first.keys.slice(1), hostKey()]);
        const handOver: RequestBody = {
          case: 'handEpochs',
          value: { signedEpochs: [canonicalBytes(signEpoch(network, first, second))] },
        };
        const bodies: RequestBody[] = [
          handOver,
          ...before.map((order, at) => orderBody(first, at + 1, order)),
          ...after.map((order, at) => orderBody(second, before.length + at + 1, order)),
        ];
        await deliver(bodies, each);
        await talk();
        for (const id of IDS) await fleet.ask(id, handOver);
        for (const id of IDS) expect(fleet.get(id).agent.report().committee.epoch).toBe(2);
        const last = orderBody(second, before.length + after.length + 1, { kind: 'lift', lastsSeconds: 600 });
        await fleet.ask(1, last);
        await talk();
        expect(states()).toEqual(IDS.map(() => ({ number: before.length + after.length + 1, frozenUntilSeconds: 0 })));
      })
      .afterEach(() => fleet.close()),
    { numRuns: RUNS },
  );
  freshFleet();
});
