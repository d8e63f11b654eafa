import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import type { Copies } from '../copy.ts';
import { type Layout, layout as layoutOf } from '../layout.ts';
import type { DevnetChain } from '../network.ts';
import { LOOPBACK, portPlan } from '../ports.ts';
import { controlOf } from './ask.ts';
import { BLOCKS_MAX, type ChainOrder } from './orders.ts';
import { type Control, serveControl } from './serve.ts';

const SCRIPT = `5120${'ab'.repeat(32)}`;
let layout: Layout;
let control: Control | undefined;
let port = 0;

/** A chain of which only the height and what was paid are kept. */
function ledgerChain(): { readonly chain: DevnetChain; readonly paid: string[] } {
  const paid: string[] = [];
  let height = 100;
  const anchor = (at: number) => ({ height: at, hash: String(at) });
  return {
    paid,
    chain: {
      tip: async () => anchor(height),
      mine: async (blocks) => Array.from({ length: blocks }, () => anchor((height += 1))),
      fund: async (script, sats) => {
        if (sats > 1_000_000) throw new Error('the faucet has 1000000 spendable sats');
        paid.push(`${script} ${sats}`);
        return { txid: 'cd'.repeat(32), vout: 0 };
      },
    },
  };
}

beforeEach(async () => {
  layout = layoutOf(join(mkdtempSync(join(tmpdir(), 'firebreak-control-')), 'devnet'));
  const base = await loopbackPort();
  mkdirSync(layout.root);
  writeFileSync(layout.state, JSON.stringify({ version: 1, portBase: base, keystore: 'file', processes: [] }));
  port = portPlan(base).control;
});
afterEach(async () => {
  await control?.close();
  control = undefined;
  rmSync(join(layout.root, '..'), { recursive: true });
});

/** Copies of which only the names are kept. */
const started: number[] = [];
const copies: Copies = {
  start: async (id) => {
    if (id > 15) throw new Error(`this devnet has no validator ${id}`);
    started.push(id);
    return { dir: `copy-${id}`, api: 'http://here', health: '', stop: async () => undefined };
  },
  stop: async (id) => {
    if (!started.includes(id)) throw new Error(`no copy of validator ${id} runs`);
    return { dir: `copy-${id}`, api: 'http://here', health: '', stop: async () => undefined };
  },
};

const serve = async (chain: DevnetChain): Promise<void> => {
  control = await serveControl({ port, secretFile: layout.control }, chain, copies);
};

test('a running devnet pays and mines for whoever can read its secret', async () => {
  const { chain, paid } = ledgerChain();
  await serve(chain);
  const receipt = await controlOf(layout)({ order: 'fund', script: SCRIPT, amountSats: 5_000, blocks: 6 });
  expect(receipt).toEqual({ height: 106, outpoint: { txid: 'cd'.repeat(32), vout: 0 } });
  expect(paid).toEqual([`${SCRIPT} 5000`]);
  expect(await controlOf(layout)({ order: 'mine', blocks: 2 })).toEqual({ height: 108 });
  expect(statSync(layout.control).mode & 0o777).toBe(0o600);
});

test('a running devnet starts and ends a copy of a validator, and says why it does not', async () => {
  await serve(ledgerChain().chain);
  const ask = controlOf(layout);
  expect(await ask({ order: 'copy', validator: 4 })).toEqual({
    height: 100,
    copy: { folder: 'copy-4', api: 'http://here' },
  });
  expect(started).toEqual([4]);
  expect(await ask({ order: 'end-copy', validator: 4 })).toMatchObject({ copy: { folder: 'copy-4' } });
  await expect(ask({ order: 'copy', validator: 40 })).rejects.toMatchObject({
    code: 'unavailable.devnet-copy',
    message: expect.stringContaining('no validator 40'),
  });
  await expect(ask({ order: 'end-copy', validator: 6 })).rejects.toMatchObject({
    code: 'unavailable.devnet-copy',
    message: 'the devnet did not end the copy: no copy of validator 6 runs',
  });
});

test('a folder that is no devnet gets nothing, whatever listens on this machine', () => {
  rmSync(layout.state);
  expect(() => controlOf(layout)).toThrow(expect.objectContaining({ code: 'input.not-a-devnet' }));
});

test('a devnet that is not running is called that, before its first start and after its last', async () => {
  expect(() => controlOf(layout)).toThrow(expect.objectContaining({ code: 'unavailable.devnet-not-running' }));
  await serve(ledgerChain().chain);
  const ask = controlOf(layout);
  await control?.close();
  expect(existsSync(layout.control)).toBe(false);
  await expect(ask({ order: 'mine', blocks: 1 })).rejects.toMatchObject({ code: 'unavailable.devnet-not-running' });
});

test('where the port is taken, no secret is left behind to be sent to whoever has it', async () => {
  const taken = createServer().listen(port, LOOPBACK);
  await once(taken, 'listening');
  try {
    await expect(serve(ledgerChain().chain)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(existsSync(layout.control)).toBe(false);
  } finally {
    await new Promise((closed) => taken.close(closed));
  }
});

test('the chain says in its own words why it does not pay', async () => {
  await serve(ledgerChain().chain);
  const order: ChainOrder = { order: 'fund', script: SCRIPT, amountSats: 2_000_000, blocks: 1 };
  await expect(controlOf(layout)(order)).rejects.toMatchObject({
    code: 'unavailable.devnet-chain',
    message: expect.stringContaining('1000000 spendable'),
  });
});

const post = async (authorization: string, body: string): Promise<number> =>
  (await fetch(`http://${LOOPBACK}:${port}/`, { method: 'POST', headers: { authorization }, body })).status;

test('without the secret nothing is paid or mined', async () => {
  const { chain, paid } = ledgerChain();
  await serve(chain);
  const order = JSON.stringify({ order: 'fund', script: SCRIPT, amountSats: 5_000, blocks: 1 });
  for (const wrong of ['', 'Bearer ', `Bearer ${'00'.repeat(32)}`]) expect(await post(wrong, order)).toBe(401);
  expect(paid).toEqual([]);
  expect((await chain.tip()).height).toBe(100);
});

test.each([
  ['no JSON', 'fund me'],
  ['an unknown order', '{"order":"fork"}'],
  ['too many blocks', JSON.stringify({ order: 'mine', blocks: BLOCKS_MAX + 1 })],
  ['a script that is none', JSON.stringify({ order: 'fund', script: 'xyz', amountSats: 1, blocks: 1 })],
])('%s is refused and changes nothing', async (_name, body) => {
  const { chain } = ledgerChain();
  await serve(chain);
  expect(await post(`Bearer ${readFileSync(layout.control, 'latin1')}`, body)).toBe(400);
  expect((await chain.tip()).height).toBe(100);
});

test('an order without end is cut off', async () => {
  await serve(ledgerChain().chain);
  const status = await post(`Bearer ${readFileSync(layout.control, 'latin1')}`, ' '.repeat(100_000)).catch(() => 500);
  expect(status).toBe(500);
});
