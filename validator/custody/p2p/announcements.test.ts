import { type GossipSub, type Message, type TopicValidatorFn, TopicValidatorResult } from '@libp2p/gossipsub';
import { beforeAll, expect, test } from '@jest/globals';
import { peerIdOf } from '../../../wire/stream/host-identity.ts';
import { type LoopbackNetwork, loopbackNetwork } from '../testkit/loopback-network.ts';
import { AllowList } from './allow-list.ts';
import { Announcements } from './announcements.ts';
import { TransportCount } from './counters.ts';

const TOPIC = 'announcements';
const BURST = 3;
/** First byte of what the agent has heard before; every other word is new to it. */
const OLD = 0;
const { Accept, Ignore, Reject } = TopicValidatorResult;

let network: LoopbackNetwork;
beforeAll(async () => {
  network = await loopbackNetwork(4, 3);
});

const peerOf = (id: number) => peerIdOf(network.genesis.validators[id - 1]?.identity ?? '');

/** What one validator makes of messages, by who hands them over and who signed them. */
function ear() {
  const topicValidators = new Map<string, TopicValidatorFn>();
  const gossip = { topicValidators, subscribe: () => undefined } as unknown as GossipSub;
  const count = new TransportCount();
  const agent = {
    hear: async ([first]: Uint8Array) => (first === OLD ? ('stale' as const) : ('accept' as const)),
    announce: () => new Uint8Array(1),
  };
  const rate = { burst: BURST, perSecond: 0.001 };
  new Announcements(gossip, TOPIC, agent, new AllowList(network.genesis), count, rate).begin();
  const hear = async (from: number, author: number, first: number, times = 1) => {
    const verdicts: TopicValidatorResult[] = [];
    for (let at = 0; at < times; at += 1) {
      const message = { type: 'signed', from: peerOf(author), topic: TOPIC, data: Uint8Array.of(first, at) };
      const verdict = await topicValidators.get(TOPIC)?.(peerOf(from), message as unknown as Message);
      if (verdict !== undefined) verdicts.push(verdict);
    }
    return verdicts;
  };
  return { hear, dropped: () => count.read().dropped['rate'] ?? 0 };
}

const all = (verdict: TopicValidatorResult, times: number) => Array.from({ length: times }, () => verdict);

test('old words of an author that somebody brings again cost the author nothing, and are held against whoever goes on with it', async () => {
  const { hear, dropped } = ear();
  expect(await hear(2, 1, OLD, 2 * BURST + 3)).toEqual([...all(Ignore, 2 * BURST), ...all(Reject, 3)]);
  expect(dropped()).toBe(3);
  expect(await hear(1, 1, 1, BURST)).toEqual(all(Accept, BURST));
});

test('new words that come by a peer which brought too many old ones are still taken', async () => {
  const { hear } = ear();
  await hear(2, 1, OLD, 2 * BURST + 1);
  expect(await hear(2, 1, 1, BURST)).toEqual(all(Accept, BURST));
  expect(await hear(2, 3, OLD)).toEqual([Ignore]);
});

test('nobody is blamed for passing on what one author floods everybody with, in its share', async () => {
  const { hear } = ear();
  await hear(1, 1, 1, BURST);
  expect(await hear(2, 1, 1)).toEqual([Ignore]);
  expect(await hear(1, 1, 1)).toEqual([Reject]);
  expect(await hear(2, 3, 1, BURST)).toEqual(all(Accept, BURST));
});
