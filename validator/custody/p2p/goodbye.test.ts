import { afterEach, expect, test } from '@jest/globals';
import type { GossipSub } from '@libp2p/gossipsub';
import { validatorId } from '../../../domain/network/network.ts';
import { announcementsTopic } from '../../../wire/stream/protocol.ts';
import { attentive, loopbackHost, loopbackNetwork, talkative, until } from '../testkit/loopback-network.ts';
import type { CustodyHost } from './host.ts';

const [ONE, TWO] = [validatorId(1), validatorId(2)];
let hosts: CustodyHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  hosts = [];
});

test('a validator in whose name another process with its key has left the topic is connected anew and hears again', async () => {
  const network = await loopbackNetwork(2, 2);
  const { agent, heard } = attentive();
  const speaker = loopbackHost(network, ONE, {
    announceMs: 50,
    rollCallMs: 50,
    deafMs: 500,
    agent: talkative(),
  });
  const listener = loopbackHost(network, TWO, { agent });
  hosts = [speaker, listener];
  await Promise.all(hosts.map((host) => host.start()));
  await until(() => heard() > 3);

  const topic = announcementsTopic(network.genesis);
  const { gossip } = (listener as unknown as { readonly node: { readonly services: { gossip: GossipSub } } }).node
    .services;
  gossip.unsubscribe(topic);
  // The goodbye is what peers see; the process itself has not left.
  (gossip as unknown as { readonly subscriptions: Set<string> }).subscriptions.add(topic);
  await until(() => speaker.counters().dropped['deaf'] === 1);
  const before = heard();
  await until(() => heard() > before + 3);
  expect(speaker.connected()).toEqual([TWO]);
});
