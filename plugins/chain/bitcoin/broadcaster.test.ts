import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { broadcaster } from './broadcaster.ts';
import { transactionCodec } from './codec.ts';
import type { NodeRpc, RpcAnswer } from './rpc.ts';

const codec = transactionCodec('regtest');
const script = `5120${'ab'.repeat(32)}`;
const input = { outpoint: { txid: '11'.repeat(32), vout: 0 }, amountSats: 50_000, script };
const { transaction, txid } = codec.buildPayout({ inputs: [input], payoutScript: script, feeSats: 1_000 });

type Reply = RpcAnswer | 'down';
function node(send: Reply, known: Reply): NodeRpc & { asked: string[] } {
  const asked: string[] = [];
  const call = async (method: string): Promise<RpcAnswer> => {
    asked.push(method);
    const reply = method === 'sendrawtransaction' ? send : known;
    if (reply === 'down') throw new FirebreakFailure('unavailable.node-down', 'node is down');
    return reply;
  };
  return { name: 'node', call, asked };
}
const context = () => ({ idempotencyKey: 'k', signal: new AbortController().signal, deadlineMs: Date.now() + 5_000 });
const made = (nodes: NodeRpc[], confirmed = false) =>
  broadcaster({ nodes: () => nodes, codec, isConfirmedSpend: () => confirmed });

const taken: RpcAnswer = { ok: true, result: txid };
const refusal = (code: number, message: string): RpcAnswer => ({ ok: false, code, message });
const notFound = refusal(-5, 'No information');
const inMempool: RpcAnswer = { ok: true, result: { txid } };
const inBlock: RpcAnswer = { ok: true, result: { txid, confirmations: 3 } };

test('a node that takes it is asked nothing more', async () => {
  const one = node(taken, 'down');
  expect(await made([one]).submit(transaction, context())).toEqual({ txid, outcome: 'accepted' });
  expect(one.asked).toEqual(['sendrawtransaction']);
});

test.each([
  ['a refusal', refusal(-26, 'whatever it says')],
  ['a refusal that claims to know it', refusal(-27, 'already known')],
  ['silence', 'down' as const],
  ['the txid of another transaction', { ok: true, result: '22'.repeat(32) } as RpcAnswer],
])('after %s what the node knows decides', async (_what, send) => {
  expect(await made([node(send, inMempool)]).submit(transaction, context())).toEqual({
    txid,
    outcome: 'already-known',
  });
  expect(await made([node(send, inBlock)]).submit(transaction, context())).toEqual({
    txid,
    outcome: 'already-confirmed',
  });
  const unknown = made([node(send, notFound)]).submit(transaction, context());
  await expect(unknown).rejects.toMatchObject({ code: 'unknown-outcome.broadcast', retryable: true });
});

test('when nothing answers the outcome is unknown, for the submission and for the question', async () => {
  const dead = made([node('down', 'down')]);
  await expect(dead.submit(transaction, context())).rejects.toMatchObject({ code: 'unknown-outcome.broadcast' });
  await expect(dead.whatBecameOf(txid, context())).rejects.toMatchObject({ code: 'unavailable.node-down' });
  await expect(made([]).submit(transaction, context())).rejects.toMatchObject({ code: 'unknown-outcome.broadcast' });
});

test('the second node is offered what the first one refused', async () => {
  const second = node(taken, notFound);
  expect(await made([node('down', 'down'), second]).submit(transaction, context())).toEqual({
    txid,
    outcome: 'accepted',
  });
});

test('the best news of any node counts, and our own index knows without a transaction index', async () => {
  expect(await made([node(taken, notFound), node(taken, inBlock)]).whatBecameOf(txid, context())).toBe('confirmed');
  expect(await made([node(taken, 'down'), node(taken, inMempool)]).whatBecameOf(txid, context())).toBe('in-mempool');
  expect(await made([node(taken, notFound)]).whatBecameOf(txid, context())).toBe('unknown');
  expect(await made([], true).whatBecameOf(txid, context())).toBe('confirmed');
});

test('a transaction that stands in a replaced block only is not confirmed', async () => {
  const stale: RpcAnswer = { ok: true, result: { txid, confirmations: 0 } };
  expect(await made([node(taken, stale)]).whatBecameOf(txid, context())).toBe('in-mempool');
});

test('bytes that are no transaction reach no node', async () => {
  const one = node(taken, notFound);
  await expect(made([one]).submit(new Uint8Array(10), context())).rejects.toMatchObject({ code: 'input.transaction' });
  expect(one.asked).toEqual([]);
});
