import type { GossipSub } from '@libp2p/gossipsub';
import { expect, test } from '@jest/globals';
import { validatorId } from '../../../domain/network/network.ts';
import { signatureNames } from '../../../wire/stream/host-settings.ts';
import { announcementsTopic } from '../../../wire/stream/protocol.ts';
import { agreeable, loopbackHost, loopbackNetwork, until } from '../testkit/loopback-network.ts';
import type { CustodyHost } from './host.ts';

/** As gossipsub writes it on the wire. */
type Signed = { readonly data?: Uint8Array; readonly signature?: Uint8Array };
type Rpc = { readonly subscriptions: readonly never[]; readonly messages: readonly Signed[] };
type Speaking = GossipSub & { sendRpc(peer: string, rpc: Rpc): boolean };
type Inside = { readonly node: { readonly peerId: unknown; readonly services: { readonly gossip: Speaking } } };

test('a copy of an announcement under its signature is never heard in its place, whether it comes before or after', async () => {
  const network = await loopbackNetwork(3, 2);
  let said = 0;
  const heard: string[] = [];
  const speaking = { ...agreeable(), announce: () => new Uint8Array([(said += 1), 0]) };
  const listening = {
    ...agreeable(),
    hear: async (bytes: Uint8Array) => (heard.push(Buffer.from(bytes).toString('hex')), 'accept' as const),
  };
  const [author, hostile, listener] = [1, 2, 3].map((id) =>
    loopbackHost(network, validatorId(id), {
      announceMs: 3_600_000,
      agent: id === 1 ? speaking : id === 3 ? listening : agreeable(),
    }),
  ) as [CustodyHost, CustodyHost, CustodyHost];
  const gossip = (host: CustodyHost): Speaking => (host as unknown as Inside).node.services.gossip;
  try {
    await Promise.all([author, hostile, listener].map((host) => host.start()));
    const topic = announcementsTopic(network.genesis);
    await until(() => [author, hostile, listener].every((host) => gossip(host).getSubscribers(topic).length === 2));

    // What the author says reaches nobody but this test, which has the hostile peer bring it.
    const held: Signed[] = [];
    gossip(author).sendRpc = (_peer, rpc) => held.push(...rpc.messages) > 0;
    const signed = async () => {
      held.length = 0;
      await author.announceNow();
      const [message] = held;
      if (message === undefined) throw new Error('the author said nothing');
      return message;
    };
    const target = String((listener as unknown as Inside).node.peerId);
    const bring = (message: Signed): boolean =>
      gossip(hostile).sendRpc(target, { subscriptions: [], messages: [message] });

    const first = await signed();
    const forged = { ...first, data: new Uint8Array([6, 6, 6]) };
    bring(forged);
    await until(() => (listener.counters().dropped['unsigned'] ?? 0) === 1);
    bring(first);
    await until(() => heard.length === 1);
    bring(forged);
    bring(first);
    bring(await signed());
    await until(() => heard.length > 1);
    expect(heard).toEqual(['0100', '0200']);
    // The second forgery was not worth a verification.
    expect(listener.counters().dropped['unsigned']).toBe(1);
  } finally {
    await Promise.all([author, hostile, listener].map((host) => host.stop()));
  }
});

test('no more signatures than the bound are remembered in a second, however many come', () => {
  let nowMs = 1_000;
  const nameOf = signatureNames(() => nowMs);
  const named = (count: number): number =>
    Array.from({ length: count }, (_unused, at) => nameOf({ signature: new Uint8Array([at % 256, at >> 8]) })).filter(
      (name) => name !== undefined,
    ).length;
  expect(named(5_000)).toBe(300);
  nowMs += 1_000;
  expect(named(5_000)).toBe(300);
  nowMs += 1_000;
  expect(nameOf({})).toBeUndefined();
});
