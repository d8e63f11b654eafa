import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../../plugins/keystore/memory/index.ts';
import { loopbackPort } from '../../../plugins/testkit/loopback-ports.ts';
import { announcementsTopic } from '../../../wire/stream/protocol.ts';
import { TestFleet } from '../testkit/agents.ts';
import { nextCommittee, pinnedCommittee, signEpoch, standingOrder, useOf } from '../testkit/committee.ts';
import { loopbackHost, until } from '../testkit/loopback-network.ts';
import { hostKey, signOrder, type TestNetwork, testNetwork } from '../testkit/network.ts';
import type { GossipSub } from '@libp2p/gossipsub';
import type { CustodyHost } from './host.ts';

const IDS = [1, 2, 3, 4, 5];
const AWAY = 5;
const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });

/** Five real validators on real ports, with no coordinator anywhere near. */
let network: TestNetwork;
let fleet: TestFleet;
const hosts = new Map<number, CustodyHost>();

beforeEach(async () => {
  const ports = await Promise.all(IDS.map(loopbackPort));
  const base = testNetwork(IDS.length, 3);
  const validators = base.genesis.validators.map((entry) => ({
    ...entry,
    addresses: [`/ip4/127.0.0.1/tcp/${ports[entry.id - 1]}`],
  }));
  network = { ...base, genesis: { ...base.genesis, validators } };
  fleet = new TestFleet(IDS.length, 3, { codec, keystore, network });
});
afterEach(async () => {
  await Promise.all([...hosts.values()].map((host) => host.stop()));
  hosts.clear();
  await fleet.close();
});

async function start(id: number): Promise<void> {
  const { agent, id: self } = fleet.get(id);
  const identities = new Map(
    fleet.genesis.validators.map((entry, at) => [entry.id, (network.hosts[at] ?? hostKey()).key]),
  );
  const host = loopbackHost({ genesis: network.genesis, identities, coordinator: network.coordinator.key }, self, {
    agent,
  });
  await host.start();
  hosts.set(id, host);
}
const gossipOf = (host: CustodyHost) =>
  (host as unknown as { readonly node: { readonly services: { readonly gossip: GossipSub } } }).node.services.gossip;
const listening = (): Promise<void> =>
  until(() =>
    [...hosts.values()].every(
      (host) => gossipOf(host).getSubscribers(announcementsTopic(network.genesis)).length === hosts.size - 1,
    ),
  );
async function startAllBut(away: number): Promise<void> {
  await Promise.all(IDS.filter((id) => id !== away).map(start));
  await listening();
}
const report = (id: number) => fleet.get(id).agent.report();
const up = () => [...hosts.keys()];

test('a use of a standing order that is handed to one freezes all, whoever was down learns it before anything else, and a lift ends it everywhere', async () => {
  await startAllBut(AWAY);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const grant = standingOrder(network, nowSeconds);
  const signedGrantUse = canonicalBytes(useOf(grant, nowSeconds));
  expect(
    await fleet.ask(2, { case: 'useGrant', value: { signedGrant: canonicalBytes(grant), signedGrantUse } }),
  ).toMatchObject({ ok: true });
  await until(() => up().every((id) => report(id).orders.frozenUntilSeconds === nowSeconds + 600));
  expect(report(AWAY).orders.frozenUntilSeconds).toBe(0);

  await start(AWAY);
  await until(() => hosts.get(AWAY)?.connected().length === IDS.length - 1);
  await hosts.get(AWAY)?.learnOrders(AbortSignal.timeout(5_000));
  expect(hosts.get(AWAY)?.orderStatesKnown()).toBe(IDS.length - 1);
  expect(report(AWAY)).toMatchObject({
    orders: { number: 0, frozenUntilSeconds: nowSeconds + 600 },
    frozenBy: { kind: 'standing-order' },
  });

  await listening();
  const lift = canonicalBytes(signOrder(network, { kind: 'lift', number: 1 }, 3));
  expect(await fleet.ask(AWAY, { case: 'obeyOrder', value: { signedOrder: lift } })).toMatchObject({ ok: true });
  await until(() => IDS.every((id) => report(id).orders.number === 1));
  for (const id of IDS) expect(report(id).orders.frozenUntilSeconds).toBe(0);
});

test('epochs that are handed to one reach all, and a validator that was down takes the orders of every committee on the way', async () => {
  await startAllBut(AWAY);
  const first = pinnedCommittee(network);
  const second = nextCommittee(first, [...first.keys.slice(1), hostKey()]);
  const third = nextCommittee(second, [...second.keys.slice(1), hostKey()]);
  const follow = async (value: Uint8Array, epoch: number) => {
    expect(await fleet.ask(1, { case: 'handEpochs', value: { signedEpochs: [value] } })).toMatchObject({ ok: true });
    await until(() => up().every((id) => report(id).committee.epoch === epoch));
  };
  await follow(canonicalBytes(signEpoch(network, first, second)), 2);
  const freeze = signOrder({ ...network, committee: second.keys }, { number: 1, committeeEpoch: 2 }, 2);
  await fleet.get(3).agent.obey(freeze);
  await until(() => up().every((id) => report(id).orders.number === 1));
  await follow(canonicalBytes(signEpoch(network, second, third)), 3);

  await start(AWAY);
  await until(() => hosts.get(AWAY)?.connected().length === IDS.length - 1);
  await hosts.get(AWAY)?.learnOrders(AbortSignal.timeout(5_000));
  // The freeze is of the second committee: only between the two hand-overs is it an order of the present one.
  expect(report(AWAY)).toMatchObject({ committee: { epoch: 3 }, orders: { number: 1 } });
});
