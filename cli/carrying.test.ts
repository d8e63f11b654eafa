import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommandLine } from './command-line.ts';
import type { Screen } from './screen.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const network = (): string => at('network.json');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-carrying-'));
  copyFileSync(new URL('./ceremony/recorded/network.json', import.meta.url), network());
  writeFileSync(at('chain.json'), JSON.stringify({ version: 1, epochs: [] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The `next` of a command line, as data. */
async function next(...args: string[]): Promise<string> {
  let out = '';
  const screen: Screen = { out: (text) => void (out += text), err: () => undefined, colour: false, interactive: false };
  await runCommandLine([...args, '--json'], { screen, exit: () => undefined });
  return (JSON.parse(out) as { next: string }).next;
}

test('every file that says which network and committee is meant goes on to the next command, which takes it', async () => {
  const where = ['--network', network(), '--chain', at('chain.json')];
  const typed = where.join(' ');
  expect(await next('committee', 'show', '--out', at('draft.json'), ...where)).toBe(
    `committee propose ${at('draft.json')} --reason <text> ${typed}`,
  );
  const freeze = ['order', 'make', 'freeze', '--reason', 'x', '--number', '1', '--out', at('order.json')];
  expect(await next(...freeze, ...where)).toBe(`order sign ${at('order.json')} --key <member key file> ${typed}`);
  const grant = ['grant', 'make', '--number', '1', '--reason', 'x', '--plan', 'ab'.repeat(32)];
  expect(await next(...grant, '--out', at('grant.json'), ...where)).toBe(
    `grant sign ${at('grant.json')} --key <member key file> ${typed}`,
  );
});

test('the next command gets no option that it does not have', async () => {
  const playbook = join(import.meta.dirname, '../playbooks/validator-offline/playbook.yaml');
  const catalogue = join(import.meta.dirname, '../playbooks/catalogue.yaml');
  expect(await next('playbook', 'validate', playbook, '--catalogue', catalogue)).toMatch(
    new RegExp(`^playbook plan \\S+ --input validator=<validator> --catalogue ${catalogue}$`),
  );
  const use = await next(
    'order',
    'make',
    'freeze',
    '--reason',
    'x',
    '--number',
    '2',
    '--out',
    at('b.json'),
    '--network',
    network(),
    '--identity',
    'id.key',
  );
  expect(use).not.toContain('--identity');
});
