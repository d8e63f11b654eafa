import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { GossipSub } from '@libp2p/gossipsub';
import type { Stream } from '@libp2p/interface';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLibp2p } from 'libp2p';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import type { SignedOrder } from '../../../domain/committee/order.ts';
import { validatorId } from '../../../domain/network/network.ts';
import { MESSAGE_BYTES_MAX, sealEnvelope, WIRE_VERSION } from '../../../wire/envelope.ts';
import {
  AnnouncementSchema,
  CommitteeStateSchema,
  LocksHeldSchema,
  OrderStateSchema,
  type Request,
  RequestSchema,
  ResponseSchema,
  Round,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { askOverStream } from '../../../wire/stream/exchange.ts';
import { libp2pKeyOf } from '../../../wire/stream/host-identity.ts';
import { announcementsTopic, CUSTODY_PROTOCOL } from '../../../wire/stream/protocol.ts';
import { addressesOf } from '../../../wire/stream/roster-addresses.ts';
import type { News } from '../news.ts';
import { ANNOUNCEMENT_BYTES_MAX } from './announcements.ts';
import {
  agreeable,
  type LoopbackNetwork,
  loopbackHost,
  loopbackNetwork,
  newIdentity,
  until,
} from '../testkit/loopback-network.ts';
import type { CustodyHost, CustodyHostOptions } from './host.ts';

type FakeAgent = CustodyHostOptions['agent'];
type Libp2pParts = { readonly node: { readonly services: { readonly gossip: GossipSub } } };

let network: LoopbackNetwork;
let hosts: CustodyHost[] = [];
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  network = await loopbackNetwork(5, 3);
});
afterEach(async () => {
  await Promise.all([...hosts.map((host) => host.stop()), ...cleanups.map((clean) => clean())]);
  hosts = [];
  cleanups.length = 0;
});

async function startAll(options: (id: number) => Partial<CustodyHostOptions> = () => ({})): Promise<CustodyHost[]> {
  hosts = network.genesis.validators.map(({ id }) => loopbackHost(network, id, options(id)));
  await Promise.all(hosts.map((host) => host.start()));
  return hosts;
}

const meshed = (): Promise<void> => until(() => hosts.every((host) => host.connected().length === 4));
const hostOf = (id: number): CustodyHost => {
  const host = hosts[id - 1];
  if (host === undefined) throw new Error(`no host ${id}`);
  return host;
};
const gossipOf = (id: number): GossipSub => (hostOf(id) as unknown as Libp2pParts).node.services.gossip;
const subscribed = (): Promise<void> =>
  until(() =>
    [1, 2, 3, 4, 5].every((id) => gossipOf(id).getSubscribers(announcementsTopic(network.genesis)).length === 4),
  );
const dropped = (id: number, reason: string): number => hostOf(id).counters().dropped[reason] ?? 0;

/** A host with any key, as an attacker would bring it. */
async function bareNode(identity = newIdentity()) {
  const node = await createLibp2p({
    privateKey: libp2pKeyOf(identity),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
  cleanups.push(async () => node.stop());
  return node;
}
const addressOf = (id: number) =>
  addressesOf(network.genesis.validators[id - 1] ?? { id: validatorId(id), identity: '', addresses: [] });

test('five validators find each other and form a full mesh', async () => {
  await startAll();
  await meshed();
  expect(hostOf(3).connected()).toEqual([1, 2, 4, 5]);
});

test('a validator that went away is connected again when it is back', async () => {
  await startAll();
  await meshed();
  await hostOf(5).stop();
  await until(() => hostOf(1).connected().length === 3);
  hosts[4] = loopbackHost(network, validatorId(5));
  await hostOf(5).start();
  await meshed();
});

test('a stranger is refused before it can say anything, and counted', async () => {
  let asked = 0;
  await startAll(() => ({ agent: { ...agreeable(), handle: async (request) => ((asked += 1), request) } }));
  const stranger = await bareNode();
  const question = askOverStream(
    async (signal) => (await stranger.dial(addressOf(1), { signal })).newStream(CUSTODY_PROTOCOL, { signal }),
    new Uint8Array([1]),
    AbortSignal.timeout(3_000),
  );
  await expect(question).rejects.toMatchObject({ family: 'unavailable' });
  expect(asked).toBe(0);
  expect(dropped(1, 'unlisted')).toBeGreaterThan(0);
});

test('a listed coordinator may ask', async () => {
  await startAll();
  const coordinator = await bareNode(network.coordinator);
  const answer = await askOverStream(
    async (signal) => (await coordinator.dial(addressOf(1), { signal })).newStream(CUSTODY_PROTOCOL, { signal }),
    new Uint8Array([7]),
    AbortSignal.timeout(5_000),
  );
  expect([...answer]).toEqual([7]);
});

test('an announcement reaches every other validator under the name of its author', async () => {
  const heard = new Map<number, string[]>();
  await startAll((id) => ({
    agent: {
      ...agreeable(),
      announce: () => new Uint8Array([id]),
      hear: async ([first], peer) => {
        heard.set(id, [...(heard.get(id) ?? []), `${first} ${peer}`]);
        return 'accept';
      },
    },
  }));
  await meshed();
  await subscribed();
  await hostOf(1).announceNow();
  await until(() => heard.size === 4);
  const author = network.genesis.validators[0]?.identity;
  expect([...heard.values()].every((lines) => lines.length === 1 && lines[0] === `1 ${author}`)).toBe(true);
});

test('an order that one validator obeyed is said to all', async () => {
  const heard = new Set<number>();
  let obeyed: (news: News) => void = () => undefined;
  const order = { order: { number: 9 }, signatures: [] } as unknown as SignedOrder;
  await startAll((id) => {
    const agent: FakeAgent = {
      ...agreeable(),
      hear: async (bytes) => {
        if (new TextDecoder().decode(fromBinary(AnnouncementSchema, bytes).signedOrder).includes('"number":9'))
          heard.add(id);
        return 'accept';
      },
      onNews: (listener) => {
        if (id === 2) obeyed = listener;
      },
    };
    return { agent };
  });
  await meshed();
  await subscribed();
  obeyed({ kind: 'order', order });
  await until(() => heard.size === 4);
});

test('what the agent refuses is not passed on', async () => {
  // 1 - 2 - 3 in a line: 2 is the only way from 1 to 3.
  network = await loopbackNetwork(3, 2);
  const heard: number[] = [];
  const line = { ...network, genesis: withoutAddresses(network, [1, 3]) };
  hosts = network.genesis.validators.map(({ id }) =>
    loopbackHost(id === 2 ? network : line, id, {
      listen: network.genesis.validators[id - 1]?.addresses[0] ?? '',
      patienceMs: 0,
      agent: { ...agreeable(), hear: async () => (heard.push(id), id === 2 ? 'malformed' : 'accept') },
    }),
  );
  await Promise.all(hosts.map((host) => host.start()));
  const topic = announcementsTopic(network.genesis);
  await until(() => gossipOf(1).getSubscribers(topic).length === 1 && gossipOf(2).getSubscribers(topic).length === 2);
  await hostOf(1).announceNow();
  await until(() => heard.length === 1);
  await hostOf(2).announceNow();
  await until(() => heard.length === 3);
  expect(heard.sort((a, b) => a - b)).toEqual([1, 2, 3]);
});

test('an oversized announcement is dropped and counted by whoever hears it', async () => {
  let heard = 0;
  await startAll(() => ({ agent: { ...agreeable(), hear: async () => ((heard += 1), 'accept') } }));
  await meshed();
  await subscribed();
  await gossipOf(1).publish(announcementsTopic(network.genesis), new Uint8Array(ANNOUNCEMENT_BYTES_MAX + 1));
  await until(() => [2, 3, 4, 5].some((id) => dropped(id, 'oversized') > 0));
  expect(heard).toBe(0);
});

/** How gossipsub signs what it publishes: type 0 with a key, type 1 not at all. */
type Careless = { publishConfig: Record<string, unknown>; msgIdFn: () => Uint8Array };

test.each<[string, (before: Record<string, unknown>) => Record<string, unknown>]>([
  ['an unsigned announcement', () => ({ type: 1 })],
  ['an announcement signed by another key', (before) => ({ ...before, privateKey: libp2pKeyOf(newIdentity()) })],
])('%s is dropped and counted', async (_what, change) => {
  let heard = 0;
  await startAll(() => ({ agent: { ...agreeable(), hear: async () => ((heard += 1), 'accept') } }));
  await meshed();
  await subscribed();
  const careless = gossipOf(1) as unknown as Careless;
  careless.publishConfig = change(careless.publishConfig);
  careless.msgIdFn = () => new Uint8Array([9]);
  await gossipOf(1).publish(announcementsTopic(network.genesis), new Uint8Array([1]));
  await until(() => [2, 3, 4, 5].some((id) => dropped(id, 'unsigned') > 0));
  expect(heard).toBe(0);
});

test('a flood of announcements of one author is read up to its share, and everybody else is heard', async () => {
  const heard: number[] = [];
  await startAll((id) => ({
    announcementRate: { burst: 3, perSecond: 0.001 },
    agent: { ...agreeable(), hear: async ([first]) => (id === 3 && heard.push(first ?? 0), 'accept') },
  }));
  await meshed();
  await subscribed();
  for (let at = 0; at < 8; at += 1)
    await gossipOf(1).publish(announcementsTopic(network.genesis), new Uint8Array([1, at]));
  await until(() => dropped(3, 'rate') > 0);
  await gossipOf(2).publish(announcementsTopic(network.genesis), new Uint8Array([2]));
  await until(() => heard.includes(2));
  expect(heard.filter((author) => author === 1)).toHaveLength(3);
});

test('a peer that opens a stream and says nothing is timed out and counted', async () => {
  await startAll(() => ({ limits: { requestMs: 2_000, answerMs: 1_000 } }));
  const coordinator = await bareNode(network.coordinator);
  const stream = await openStream(coordinator, 1);
  stream.send(new Uint8Array([0, 0])); // half a prefix, so that the stream is really there
  await until(() => dropped(1, 'silent') === 1);
  await until(() => stream.status !== 'open');
});

test('a message that announces more than the limit is refused before it is kept', async () => {
  await startAll();
  const coordinator = await bareNode(network.coordinator);
  const stream = await openStream(coordinator, 1);
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, MESSAGE_BYTES_MAX + 1);
  stream.send(prefix);
  await until(() => dropped(1, 'oversized') === 1);
});

test('a peer that asks too often is told so, and counted', async () => {
  await startAll(() => ({ rate: { burst: 2, perSecond: 0.001 } }));
  await meshed();
  const ask = () => hostOf(2).ask(validatorId(1), new Uint8Array([1]), AbortSignal.timeout(5_000));
  await ask();
  await ask();
  const { body } = fromBinary(ResponseSchema, await ask());
  expect(body.case === 'refusal' && body.value.code).toBe('unavailable.request-rate');
  expect(dropped(1, 'rate')).toBe(1);
});

test('a returning validator learns the standing order from its peers and obeys it', async () => {
  const obeyed: string[] = [];
  const standing = new TextEncoder().encode('{"order":{"number":4}}');
  await startAll((id) => ({
    agent: { ...agreeable(), handle: async (request) => sayOrder(request, id, standing, obeyed) },
  }));
  await meshed();
  expect(hostOf(5).orderStatesKnown()).toBe(0);
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(4);
  expect(obeyed).toEqual(Array(4).fill('5 {"order":{"number":4}}'));
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(obeyed).toHaveLength(4); // asked once per connection
});

test('a returning validator counts a peer as known when it has heard the last page of its locks, and asks all of them anew once a twin has gone', async () => {
  const heard: string[] = [];
  let doubted = false;
  let room = true;
  const standing = new Uint8Array();
  await startAll((id) => ({
    agent: {
      ...agreeable(),
      isDoubted: () => id === 5 && doubted,
      hearLocks: (from, proposals, isFirst) => {
        heard.push(`${id} of ${from}: ${isFirst ? 'first ' : ''}${proposals.map((bytes) => bytes.join()).join()}`);
        return room;
      },
      handle: async (request) => sayOrder(request, id, standing, []),
    },
  }));
  await meshed();
  room = false;
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(0);
  room = true;
  heard.length = 0;
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(4);
  const pages = [1, 2, 3, 4].flatMap((id) => [`5 of ${id}: 2`, `5 of ${id}: first 1`]);
  expect(heard.toSorted()).toEqual(pages);
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(heard).toHaveLength(pages.length);

  doubted = true;
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(0);
  doubted = false;
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(4);
  expect(heard).toHaveLength(2 * pages.length);
});

test('an order that could not be written down is not known yet: the peer is asked again', async () => {
  const standing = new TextEncoder().encode('{"order":{"number":4}}');
  let full = true;
  const noSpace = { case: 'refusal', value: { code: 'unavailable.journal-full', message: 'no space left' } } as const;
  await startAll((id) => ({
    agent: {
      ...agreeable(),
      handle: async (request) =>
        full && id === 5 && fromBinary(RequestSchema, request).body.case === 'obeyOrder'
          ? toBinary(ResponseSchema, create(ResponseSchema, { body: noSpace }))
          : sayOrder(request, id, standing, []),
    },
  }));
  await meshed();
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(0);
  full = false;
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(4);
});

test("a peer that answers with another's statement counts for nothing", async () => {
  await startAll((id) => ({
    agent: { ...agreeable(), handle: async (request) => sayOrder(request, id === 4 ? 3 : id, new Uint8Array(), []) },
  }));
  await meshed();
  await hostOf(5).learnOrders(AbortSignal.timeout(5_000));
  expect(hostOf(5).orderStatesKnown()).toBe(3);
});

test('an address that is taken is named with the setting to change', async () => {
  await startAll();
  const twin = loopbackHost(network, validatorId(1));
  await expect(twin.start()).rejects.toMatchObject({ code: 'unavailable.listen-address' });
});

function sayOrder(bytes: Uint8Array, id: number, standing: Uint8Array, obeyed: string[]): Uint8Array {
  const { body, wireVersion } = fromBinary(RequestSchema, bytes);
  expect(wireVersion).toBe(WIRE_VERSION);
  if (body.case === 'obeyOrder') obeyed.push(`${id} ${new TextDecoder().decode(body.value.signedOrder)}`);
  const identity = network.identities.get(validatorId(id)) ?? newIdentity();
  const [round, payload] = stateOf(body, standing);
  const fields = { suite: '', keyset: '', epoch: 0, ceremony: '', round };
  const envelope = sealEnvelope(network.genesis, validatorId(id), identity, fields, payload);
  return toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'envelope', value: envelope } }));
}

/** Locks come in two pages, each with one proposal. */
function stateOf(body: Request['body'], standing: Uint8Array): readonly [Round, Uint8Array] {
  if (body.case === 'sayCommittee')
    return [Round.COMMITTEE_STATE, toBinary(CommitteeStateSchema, create(CommitteeStateSchema, { epoch: 1 }))];
  if (body.case === 'sayLocks') {
    const page =
      body.value.after === '' ? { proposals: [new Uint8Array([1])], next: 'aa' } : { proposals: [new Uint8Array([2])] };
    return [Round.LOCKS, toBinary(LocksHeldSchema, create(LocksHeldSchema, page))];
  }
  const state = create(OrderStateSchema, { number: 4n, signedOrder: standing });
  return [Round.ORDER_STATE, toBinary(OrderStateSchema, state)];
}

async function openStream(node: Awaited<ReturnType<typeof bareNode>>, id: number): Promise<Stream> {
  const connection = await node.dial(addressOf(id));
  return await connection.newStream(CUSTODY_PROTOCOL);
}

/** The same roster in which some validators have no address that others could dial. */
function withoutAddresses({ genesis }: LoopbackNetwork, ids: readonly number[]): LoopbackNetwork['genesis'] {
  const validators = genesis.validators.map((entry) => (ids.includes(entry.id) ? { ...entry, addresses: [] } : entry));
  return { ...genesis, validators };
}
