import type { Client } from '@temporalio/client';
import { expect, test } from '@jest/globals';
import type { Operator } from '../operator.ts';
import { wholeKey } from './whole-key.ts';

const operator = { genesis: { name: 'laptop' } } as unknown as Operator;
const one = `1a0637f0${'a'.repeat(56)}`;
const other = `1a0637f0${'b'.repeat(56)}`;

/** An engine that lists incidents with these keys. */
function listing(...keys: string[]): Client {
  const found = keys.map((key) => ({
    workflowId: `incident/laptop/${key}`,
    status: { name: 'RUNNING' },
    startTime: new Date(0),
    typedSearchAttributes: { getAll: () => [] },
  }));
  return { workflow: { list: () => found } } as unknown as Client;
}

test('the beginning of a key names its incident, as it names an alert', async () => {
  expect(await wholeKey(listing(one, 'drill'), operator, '1a0637f0')).toBe(one);
});

test('a key that other keys begin with is itself', async () => {
  expect(await wholeKey(listing('deadbeef', 'deadbeef01'), operator, 'deadbeef')).toBe('deadbeef');
});

test.each([
  ['nothing', [], /^no incident begins with 1a0637f0$/],
  ['several', [one, other], /^2 incidents begin with 1a0637f0$/],
])('what begins %s is refused with where to look', async (_what, keys, message) => {
  await expect(wholeKey(listing(...keys), operator, '1a0637f0')).rejects.toMatchObject({
    code: 'input.unknown-incident',
    message: expect.stringMatching(message),
  });
});
