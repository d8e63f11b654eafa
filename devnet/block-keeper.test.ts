import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { NodeRpc } from '../plugins/chain/bitcoin/rpc.ts';
import { keepBlocks } from './block-keeper.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-blocks-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const file = () => join(folder, 'blocks.jsonl');

/** A node whose chain is a list of hexadecimal blocks; a block's name is its content repeated. */
function node(chain: string[]): NodeRpc & { readonly submitted: string[] } {
  const submitted: string[] = [];
  const hashOf = (hex: string): string => hex.repeat(64).slice(0, 64);
  const answers: Record<string, (params: readonly unknown[]) => unknown> = {
    getblockcount: () => chain.length,
    getblockhash: ([height]) => hashOf(chain[Number(height) - 1] ?? ''),
    getblock: ([hash]) => chain.find((hex) => hashOf(hex) === hash),
    submitblock: ([hex]) => {
      submitted.push(String(hex));
      return null;
    },
  };
  return {
    name: 'test node',
    submitted,
    call: async (method, params) => ({ ok: true, result: answers[method]?.(params) }),
  } as NodeRpc & { readonly submitted: string[] };
}

test('a node that starts empty gets every kept block in order', async () => {
  const keeper = keepBlocks(file());
  await keeper.save(node(['aa', 'bb']));
  await keeper.save(node(['aa', 'bb', 'cc']));
  const empty = node([]);
  expect(await keepBlocks(file()).replay(empty)).toBe(3);
  expect(empty.submitted).toEqual(['aa', 'bb', 'cc']);
});

test('blocks that a fork replaced are cut off', async () => {
  const keeper = keepBlocks(file());
  await keeper.save(node(['aa', 'bb', 'cc']));
  await keeper.save(node(['aa', 'dd', 'ee', 'ff']));
  const empty = node([]);
  await keepBlocks(file()).replay(empty);
  expect(empty.submitted).toEqual(['aa', 'dd', 'ee', 'ff']);
});

test('a line that a crash cut short is dropped, a line that is no block is damage', async () => {
  await keepBlocks(file()).save(node(['aa', 'bb']));
  const whole = readFileSync(file(), 'utf8');
  appendFileSync(file(), '{"hash":"cc');
  const keeper = keepBlocks(file());
  expect(readFileSync(file(), 'utf8')).toBe(whole);
  await keeper.save(node(['aa', 'bb', 'cc']));
  expect(await keepBlocks(file()).replay(node([]))).toBe(3);
  appendFileSync(file(), '{"hash":"cc"}\n');
  expect(() => keepBlocks(file())).toThrow('no block');
});
