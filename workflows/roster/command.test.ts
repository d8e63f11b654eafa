import { expect, test } from '@jest/globals';
import { judgeRosterCommand } from './command.ts';

const PAUSE = { do: 'pause', key: 'k', validator: 3, run: 'r', step: 's', reason: 'of a test' };

test('the roster takes a pause and a resume', () => {
  expect(judgeRosterCommand(PAUSE).ok).toBe(true);
  expect(judgeRosterCommand({ do: 'resume', key: 'k', validator: 3, run: 'r' }).ok).toBe(true);
});

test.each([
  null,
  undefined,
  'pause',
  [],
  {},
  { ...PAUSE, do: 'burn' },
  { ...PAUSE, validator: {} },
  { ...PAUSE, validator: 0 },
  { ...PAUSE, reason: 5 },
  { ...PAUSE, reason: 'a\ud83d' },
  { ...PAUSE, step: undefined },
  { ...PAUSE, key: '' },
  { do: 'resume', key: 'k', validator: 3 },
])('the roster refuses what it could not show or carry on: %j', (command) => {
  expect(judgeRosterCommand(command)).toMatchObject({ ok: false, refusal: { code: 'input.document-field' } });
});
