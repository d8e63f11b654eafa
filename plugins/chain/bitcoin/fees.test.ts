import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { coinsToSats, feeSource } from './fees.ts';
import type { NodeRpc, RpcAnswer } from './rpc.ts';

const missing: RpcAnswer = { ok: false, code: -32601, message: 'Method not found' };
const node = (answers: Record<string, RpcAnswer>): NodeRpc => ({
  name: 'node',
  call: async (method) => answers[method] ?? missing,
});
const result = (value: unknown): RpcAnswer => ({ ok: true, result: value });
const estimate = (...nodes: NodeRpc[]) =>
  feeSource({ nodes: () => nodes, floorSatsPerKvb: 1_000, capSatsPerKvb: 50_000 }).estimate(6, {
    signal: new AbortController().signal,
    deadlineMs: Date.now() + 1_000,
  });

test.each([
  ['0.00001000', 1_000],
  ['0.000010001', 1_001],
  ['1e-8', 1],
  ['1E-05', 1_000],
  ['0.000000001', 1],
  ['21000000', 2_100_000_000_000_000],
  ['0', 0],
])('%s coins are %d sats, rounded up', (text, sats) => {
  expect(coinsToSats(text)).toBe(sats);
});

test.each(['-0.1', '-1', 'NaN', '', '1e99', '0x10', '21000001', '1.2.3'])('%s is no amount', (text) => {
  expect(coinsToSats(text)).toBeUndefined();
});

test('any amount of whole sats survives its decimal text', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_100_000_000_000_000 }), (sats) => {
      const digits = String(sats).padStart(9, '0');
      expect(coinsToSats(`${digits.slice(0, -8)}.${digits.slice(-8)}`)).toBe(sats);
    }),
  );
});

test('the smart estimate of Core comes first, then the plain one of btcd', async () => {
  const core = node({ estimatesmartfee: result({ feerate: '0.00012345', blocks: 6 }), estimatefee: result('0.5') });
  expect(await estimate(core)).toMatchObject({ kind: 'estimate', satsPerKvb: 12_345 });
  expect(await estimate(node({ estimatefee: result('0.00002') }))).toMatchObject({
    kind: 'estimate',
    satsPerKvb: 2_000,
  });
});

test('an estimate is raised to the floor and lowered to the cap, and says so', async () => {
  expect(await estimate(node({ estimatefee: result('0.000005') }))).toMatchObject({ satsPerKvb: 1_000 });
  const high = await estimate(node({ estimatefee: result(1) }));
  expect(high).toMatchObject({ satsPerKvb: 50_000, source: expect.stringContaining('cap') });
});

test.each([
  ['zero, as btcd on regtest answers', node({ estimatefee: result(0) })],
  ['minus one, as old nodes answer', node({ estimatefee: result(-1) })],
  [
    'errors without a rate, as Core answers',
    node({ estimatesmartfee: result({ errors: ['Insufficient data'], blocks: 0 }) }),
  ],
  ['nonsense', node({ estimatesmartfee: result('soon'), estimatefee: result({}) })],
])('%s is no estimate, with the floor as a hint', async (_what, one) => {
  expect(await estimate(one)).toMatchObject({ kind: 'no-estimate', floorSatsPerKvb: 1_000 });
});

test('a node that is down makes room for the next one', async () => {
  const down: NodeRpc = {
    name: 'down',
    call: async () => {
      throw new FirebreakFailure('unavailable.node-down', 'down');
    },
  };
  expect(await estimate(down)).toEqual({ kind: 'no-estimate', floorSatsPerKvb: 1_000, reason: 'down' });
  expect(await estimate(down, node({ estimatefee: result('0.00003') }))).toMatchObject({ satsPerKvb: 3_000 });
});
