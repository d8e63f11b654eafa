import { expect, test } from '@jest/globals';
import { ASK_KINDS, commandsOf } from './asks.ts';

const KEY = `1a0637f0b1c2${'d'.repeat(52)}`;

test('what people are waited for has the command that does it, with the key of the incident as short as it tells it apart', () => {
  const of = `runPlaybook/laptop/${KEY}`;
  expect(commandsOf({ kind: 'vote', of, step: 'consent' })).toEqual([
    'firebreak vote fetch 1a0637f0b1c2 --step consent --out request.json',
  ]);
  expect(commandsOf({ kind: 'form', of, step: 'cause' }, '--field what=<theft|mistake>')).toEqual([
    'firebreak incident answer 1a0637f0b1c2 --step cause --by <name> --field what=<theft|mistake>',
  ]);
  expect(commandsOf({ kind: 'halted', of: 'runPlaybook/laptop/drill' }).map((each) => each.slice(0, 33))).toEqual([
    'firebreak incident resume drill <',
    'firebreak incident undo drill --b',
    'firebreak incident close drill --',
  ]);
});

test('a run inside of another is called by its whole name, and a step of a loop is kept from the shell', () => {
  expect(commandsOf({ kind: 'form', of: 'runPlaybook/laptop/drill/rotate', step: 'look[2]' })).toEqual([
    "firebreak incident answer runPlaybook/laptop/drill/rotate --step 'look[2]' --by <name> --field <name>=<value>",
  ]);
});

test.each(['x; rm -rf ~', 'x$(id)', 'x`id`', "x'y", 'x\ny', 'x y', 'x[a]', ''])(
  'a name that a shell could read as more than a name is put into no command: %j',
  (name) => {
    for (const kind of ASK_KINDS) {
      expect(commandsOf({ kind, of: name })).toEqual([]);
      if (name !== '') expect(commandsOf({ kind, of: 'runPlaybook/laptop/a', step: name })).toEqual([]);
    }
  },
);
