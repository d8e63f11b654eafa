import { expect, test } from '@jest/globals';
import { witness } from './witness.ts';

const expected = (timeoutMs: number, signal = new AbortController().signal) => ({
  what: 'the thing',
  timeoutMs,
  signal,
});

test('what happens in the end is seen, whatever was in the way before', async () => {
  let looks = 0;
  const seen = await witness(expected(10_000), async () => {
    looks += 1;
    if (looks === 1) throw new Error('a process is being killed');
    return looks === 2 ? undefined : 'there';
  });
  expect([seen, looks]).toEqual(['there', 3]);
});

test('what does not happen is a failure that says what was in the way last', async () => {
  const never = witness(expected(1), async () => {
    throw new Error('2 of 16 are not frozen');
  });
  await expect(never).rejects.toMatchObject({
    code: 'unknown-outcome.story',
    message: expect.stringMatching(/the thing did not happen.*2 of 16 are not frozen/),
  });
});

test('whoever stops the network is not kept waiting', async () => {
  await expect(witness(expected(60_000, AbortSignal.abort()), async () => undefined)).rejects.toMatchObject({
    code: 'unknown-outcome.story',
  });
});
