import { expect, test } from '@jest/globals';
import { runCommandLine } from './command-line.ts';
import { buildProgram, everyCommand } from './program.ts';
import type { Screen } from './screen.ts';

function run(...args: string[]) {
  const said = { out: '', err: '', code: undefined as number | undefined };
  const screen: Screen = {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    colour: false,
    interactive: false,
  };
  const exit = (code: number): void => {
    said.code = code;
  };
  return { said, done: runCommandLine(args, { screen, exit }), screen };
}

test('every verb that an operator knows by heart exists', () => {
  const names = everyCommand(buildProgram()).map((command) => {
    const path: string[] = [];
    for (let at = command; at.parent !== null; at = at.parent) path.unshift(at.name());
    return path.join(' ');
  });
  for (const verb of [
    'up',
    'down',
    'devnet fund',
    'devnet mine',
    'status',
    'doctor',
    'key generate',
    'key list',
    'key show',
    'vault open',
    'vault show',
    'vault list',
    'payout',
    'order make',
    'order sign',
    'order send',
    'order show',
    'ceremony list',
    'ceremony show',
    'ceremony evidence',
    'ceremony verify',
    'validator init',
    'validator run',
    'validator status',
    'plugins list',
    'plugins check',
  ]) {
    expect(names).toContain(verb);
  }
});

test('every verb speaks JSON and describes itself and each of its options', () => {
  for (const command of everyCommand(buildProgram())) {
    expect(command.description()).not.toBe('');
    for (const option of command.options) expect(option.description).not.toBe('');
    if (command.commands.length === 0) expect(command.options.map((option) => option.long)).toContain('--json');
  }
});

test.each([
  ['an unknown verb', ['destroy']],
  ['an unknown option', ['status', '--loud']],
  ['a missing argument', ['order', 'sign', '--key', 'k']],
  ['a missing option', ['order', 'make', 'freeze']],
  ['a group without a verb', ['order']],
])('%s is wrong usage: exit code 2', async (_name, args) => {
  const { said, done } = run(...args);
  await done;
  expect(said.code).toBe(2);
  expect(said.err + said.out).not.toBe('');
});

test('a usage error in JSON is one object with code, message and remedy', async () => {
  const { said, done } = run('status', '--loud', '--json');
  await done;
  expect(JSON.parse(said.out)).toMatchObject({ error: { code: 'input.usage', remedy: expect.any(String) } });
});

test('help is printed and is no failure', async () => {
  const { said, done } = run('--help');
  await done;
  expect(said.code).toBeUndefined();
  expect(said.out).toContain('ceremony');
});

test('a verb on a folder without a network says what is missing and how to get one', async () => {
  const { said, done } = run('vault', 'list', '--data', '/nonexistent/firebreak');
  await done;
  expect(said.code).toBe(2);
  expect(said.err).toContain('input.data-folder');
  expect(said.err).toContain('remedy: Start one with `firebreak up --data /nonexistent/firebreak`');
});
