import { expect, test } from '@jest/globals';
import type { Digest } from '../../domain/encoding/digest.ts';
import { Attesting } from './attesting.ts';

const ONE = 'one' as Digest;
const OTHER = 'other' as Digest;
const MINUTE_MS = 60_000;
const attesting = (): Attesting => new Attesting(() => true);

test('what a peer stands at and this validator refused is judged again after a minute, or when more stand at it', () => {
  const peers = attesting();
  peers.refuse(1, { digest: ONE, peers: 1, atMs: 0 });
  expect(peers.isRefused(1, { digest: ONE, peers: 1, atMs: MINUTE_MS - 1 })).toBe(true);
  expect(peers.isRefused(1, { digest: ONE, peers: 1, atMs: MINUTE_MS })).toBe(false);
  expect(peers.isRefused(1, { digest: ONE, peers: 2, atMs: 1 })).toBe(false);
});

test('another order, and another peer, are judged at once', () => {
  const peers = attesting();
  peers.refuse(1, { digest: ONE, peers: 1, atMs: 0 });
  expect(peers.isRefused(1, { digest: OTHER, peers: 1, atMs: 1 })).toBe(false);
  expect(peers.isRefused(2, { digest: ONE, peers: 1, atMs: 1 })).toBe(false);
});
