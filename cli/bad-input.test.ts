import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommandLine } from './command-line.ts';
import type { Screen } from './screen.ts';

/** A pinned network of which nothing runs: whoever is told anything but `unavailable` was judged by what was typed. */
let folder = '';
const at = (name: string): string => join(folder, name);
const PAY_TO = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-typed-'));
  copyFileSync(new URL('./ceremony/recorded/network.json', import.meta.url), at('network.json'));
  writeFileSync(
    at('operator.json'),
    JSON.stringify({
      version: 1,
      network: 'network.json',
      identity: 'identity.key',
      temporal: { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'nobody' },
      validators: [],
    }),
  );
  writeFileSync(at('owner.key'), randomBytes(32).toString('hex'), { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function typed(...args: string[]): Promise<{ code: number | undefined; error: string }> {
  let out = '';
  let code: number | undefined;
  const screen: Screen = { out: (text) => void (out += text), err: () => undefined, colour: false, interactive: false };
  await runCommandLine([...args, '--json', '--data', folder], { screen, exit: (given) => void (code = given) });
  return { code, error: (JSON.parse(out) as { error: { code: string } }).error.code };
}

const open = (change: Record<string, string>): string[] => [
  'vault',
  'open',
  '--yes',
  ...Object.entries({ 'owner-key': at('owner.key'), 'pay-to': PAY_TO, amount: '1000000', ...change }).flatMap(
    ([name, value]) => [`--${name}`, value],
  ),
];

test.each([
  ['an address of another network', { 'pay-to': 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' }, 'input.address'],
  ['an address with a typing mistake', { 'pay-to': PAY_TO.replace(/0$/, '1') }, 'input.address'],
  ['an amount above all coins', { amount: '2100000000000001' }, 'input.usage'],
  ['a key file that is not there', { 'owner-key': '/nonexistent/owner.key' }, 'input.file'],
  ['confirmations out of range', { confirmations: '0' }, 'input.usage'],
])('vault open refuses %s although nothing of the network runs', async (_name, change, error) => {
  expect(await typed(...open(change))).toEqual({ code: 2, error });
});

test.each([
  ['no key and no request', [], 'input.usage'],
  ['a key file that is not there', ['--release-key', '/nonexistent/release.key'], 'input.file'],
  ['a request that is not there', ['--request', '/nonexistent/request.json'], 'input.file'],
  ['a lifetime that is none', ['--release-key', '/nonexistent/release.key', '--for', 'long'], 'input.usage'],
])('payout refuses %s although nothing of the network runs', async (_name, args, error) => {
  expect(await typed('payout', 'f'.repeat(64), '--yes', ...args)).toEqual({ code: 2, error });
});

test('with good input the same payout gets as far as the network', async () => {
  expect(await typed('payout', 'f'.repeat(64), '--yes', '--release-key', at('owner.key'))).toEqual({
    code: 3,
    error: 'unavailable.coordinator',
  });
});
