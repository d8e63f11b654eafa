import { expect, test } from '@jest/globals';
import { theOpen } from './find.ts';

const pick = (things: readonly string[], step?: string) => theOpen(things, (each) => each, step, 'form');

test('of what is open the only one is meant, or the one at the step that was named', () => {
  expect(pick(['look'])).toBe('look');
  expect(pick(['look', 'count'], 'count')).toBe('count');
  expect(() => pick(['look', 'count'])).toThrow('several are open; name one with --step: look, count');
});

test('where nothing is open the answer is where the run stands, and not how the command is typed', () => {
  for (const [things, step, message] of [
    [[], undefined, 'no form is open in this run'],
    [[], 'look', 'no form is open at step look'],
    [['count'], 'look', 'no form is open at step look, but at count'],
  ] as const)
    expect(() => pick(things, step)).toThrow(expect.objectContaining({ code: 'not-yet.nothing-asked', message }));
});
