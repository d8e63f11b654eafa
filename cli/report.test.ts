import { afterEach, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { DATA_FOLDER } from './operator.ts';
import { carriedData, withCarried } from './carrying.ts';
import { carry, remedyOf, typed } from './report.ts';
import { verb } from './runtime.ts';
import type { Screen } from './screen.ts';

test.each(['firebreak', 'start'])('whoever came by npm (%s) is told commands that npm runs', (script) => {
  expect(typed('firebreak vault list', script)).toBe('npm run firebreak -- vault list');
  expect(typed('See `firebreak status`; freezing works through `firebreak order send`.', script)).toBe(
    'See `npm run firebreak -- status`; freezing works through `npm run firebreak -- order send`.',
  );
});

test('whoever came by npm is told to start a network as the README does', () => {
  expect(typed('firebreak up', 'firebreak')).toBe('npm start');
  expect(typed('Start one with `firebreak up --data x`, or look at `firebreak status`.', 'firebreak')).toBe(
    'Start one with `npm start -- --data x`, or look at `npm run firebreak -- status`.',
  );
  expect(typed('firebreak upgrade', 'firebreak')).toBe('npm run firebreak -- upgrade');
});

test('whoever typed firebreak is told firebreak', () => {
  expect(typed('firebreak vault list', undefined)).toBe('firebreak vault list');
});

test('the name in a sentence is no command', () => {
  expect(typed('Ask whoever runs firebreak there.', 'firebreak')).toBe('Ask whoever runs firebreak there.');
});

test.each([
  ['conflict.outpoint-locked', /`firebreak payout` with a higher --fee/],
  ['policy.frozen', /type `firebreak payout` again.*`firebreak order show`/],
  ['policy.payout-fee-floor', /`firebreak payout` with --fee/],
] as const)('what a validator refuses has a remedy of its own, with the command to type: %s', (code, remedy) => {
  expect(remedyOf(code)).toMatch(remedy);
});

test('whoever has the wrong key is told where the right ones stand, and nothing about the mode of a file', () => {
  expect(remedyOf('input.key-seatless')).toMatch(/`firebreak committee show`.*--chain/);
  expect(remedyOf('input.key-seatless')).not.toContain('chmod');
});

afterEach(() => carry([]));

test.each([
  ['firebreak vault list', 'firebreak vault list --data nets/a'],
  [
    'See `firebreak status`, then `firebreak vault list`.',
    'See `firebreak status --data nets/a`, then `firebreak vault list --data nets/a`.',
  ],
  ['Start one with `firebreak up --data x`.', 'Start one with `firebreak up --data x`.'],
  [
    '`firebreak up --help` lists them; ask who runs firebreak there.',
    '`firebreak up --help` lists them; ask who runs firebreak there.',
  ],
])('a hint carries the folder that was typed: %s', (text, says) => {
  expect(withCarried(text, carriedData('nets/a'))).toBe(says);
});

test('a folder that a shell would take apart is quoted, and none is added where none was typed', () => {
  expect(withCarried('firebreak status', carriedData("my net's"))).toBe("firebreak status --data 'my net'\\''s'");
  expect(withCarried('firebreak status', [])).toBe('firebreak status');
});

test('npm and the folder go together', () => {
  carry(carriedData('nets/a'));
  expect(typed('firebreak vault list', 'start')).toBe('npm run firebreak -- vault list --data nets/a');
});

/** What a verb prints that was called with these options and hands on to `vault list`. */
async function printed(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const screen = { out: (text: string) => lines.push(text), err: () => undefined, colour: false } as unknown as Screen;
  const command = new Command('x').option('--data <dir>', '', DATA_FOLDER).option('--json');
  command.action(verb({ screen, exit: () => undefined }, () => ({ data: {}, lines: [], next: 'vault list' })));
  await command.parseAsync(args, { from: 'user' });
  return lines.join('');
}

test('a verb hands its --data on, in lines and as JSON, and leaves the default out', async () => {
  expect(await printed('--data', 'nets/a')).toMatch(/vault list --data nets\/a\n$/);
  expect(await printed('--data', 'nets/a', '--json')).toBe('{"next":"vault list --data nets/a"}\n');
  expect(await printed()).toMatch(/vault list\n$/);
});
