import { expect, test } from '@jest/globals';
import type { PeerId } from '@libp2p/interface';
import { validatorId } from '../../../domain/network/network.ts';
import { DeafPeers } from './deaf-peers.ts';

const PATIENCE_MS = 1_000;
const [ONE, TWO] = [validatorId(1), validatorId(2)];
const connected = new Map([ONE, TWO].map((id) => [id, { id } as unknown as PeerId] as const));

/** Which of the two gossip speaks to, and what is done about it. */
function mesh() {
  let nowMs = 0;
  const hears = new Set([ONE, TWO]);
  const hungUp: unknown[] = [];
  const deaf = new DeafPeers(() => nowMs, PATIENCE_MS);
  const node = {
    speaksTo: (peer: PeerId) => hears.has((peer as unknown as { readonly id: typeof ONE }).id),
    hangUp: async (peer: PeerId) => void hungUp.push((peer as unknown as { readonly id: number }).id),
  };
  return { hears, hungUp, look: (ms: number, peers = connected) => ((nowMs = ms), deaf.look(node, peers)) };
}

test('whoever was spoken to and is not any more is connected anew after a while, and only once', async () => {
  const { hears, hungUp, look } = mesh();
  await look(0);
  hears.delete(TWO);
  expect(await look(500)).toEqual([]);
  expect(await look(1_499)).toEqual([]);
  expect(await look(1_500)).toEqual([TWO]);
  expect(await look(1_600)).toEqual([]);
  expect(hungUp).toEqual([TWO]);
});

test('a stream that comes back in time, and a connection that ended, start the count again', async () => {
  const { hears, hungUp, look } = mesh();
  await look(0);
  hears.clear();
  await look(100);
  hears.add(ONE);
  await look(900, new Map([...connected].filter(([id]) => id === ONE)));
  hears.delete(ONE);
  await look(1_200);
  expect(await look(2_100)).toEqual([]);
  expect(hungUp).toEqual([]);
});

test('whoever was never spoken to is given ten times as long', async () => {
  const { hears, look } = mesh();
  hears.delete(ONE);
  await look(0);
  expect(await look(9_999)).toEqual([]);
  expect(await look(10_000)).toEqual([ONE]);
});
