import { expect, test } from '@jest/globals';
import { ServiceError } from '@temporalio/client';
import type { Screen } from './screen.ts';
import { waitForResult } from './waiting.ts';

const screenOf = (lines: string[]): Screen => ({
  out: (text) => void lines.push(text),
  err: () => undefined,
  colour: false,
  interactive: false,
});
const page = { phase: 'settling', next: 'blocks must bury it', have: 1, need: 6 };
const gone = (code: number): ServiceError =>
  new ServiceError('Failed to get the result', {
    cause: Object.assign(new Error('14 UNAVAILABLE'), { code, details: '', metadata: {} }),
  });
const client = { withDeadline: <R>(_deadline: number | Date, ask: () => Promise<R>): Promise<R> => ask() };

test('an engine that is gone for a while is waited for, and said once', async () => {
  const lines: string[] = [];
  let asked = 0;
  const result = async (): Promise<unknown> => {
    asked += 1;
    if (asked < 3) throw gone(14);
    return 'paid';
  };
  expect(await waitForResult(screenOf(lines), { result, query: async () => page as never, client })).toBe('paid');
  expect(asked).toBe(3);
  expect(lines.filter((line) => line.includes('Temporal does not answer'))).toHaveLength(1);
});

test.each([
  ['a refusal by the engine', gone(7)],
  ['a failure of the process', new Error('the process failed')],
])('%s is not waited out', async (_what, error) => {
  let asked = 0;
  const result = async (): Promise<unknown> => {
    asked += 1;
    throw error;
  };
  await expect(waitForResult(undefined, { result, query: async () => page as never, client })).rejects.toBe(error);
  expect(asked).toBe(1);
});

test('the waiting is over only when its last look is, and no look follows', async () => {
  const lines: string[] = [];
  const ended: string[] = [];
  const look = Promise.withResolvers<typeof page>();
  const begun = Promise.withResolvers<void>();
  const done = Promise.withResolvers<unknown>();
  let looks = 0;
  const query = (): Promise<never> => {
    looks += 1;
    begun.resolve();
    return look.promise as Promise<never>;
  };
  const waiting = waitForResult(screenOf(lines), {
    result: () => done.promise as never,
    query: query as never,
    client,
  });
  void waiting.then(() => ended.push('waiting'));
  await begun.promise;
  done.resolve('paid');
  await new Promise((resolve) => setImmediate(resolve));
  ended.push('result');
  look.resolve(page);
  expect(await waiting).toBe('paid');
  expect(ended).toEqual(['result', 'waiting']);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(looks).toBe(1);
  expect(lines).toEqual([]);
});

test('a look has a deadline of its own', async () => {
  const deadlines: number[] = [];
  const done = Promise.withResolvers<unknown>();
  const withDeadline = <R>(deadline: number | Date, ask: () => Promise<R>): Promise<R> => {
    deadlines.push(Number(deadline) - Date.now());
    done.resolve('paid');
    return ask();
  };
  await waitForResult(screenOf([]), {
    result: () => done.promise as never,
    query: async () => page as never,
    client: { withDeadline },
  });
  expect(deadlines).toHaveLength(1);
  expect(deadlines[0]).toBeLessThanOrEqual(5_000);
  expect(deadlines[0]).toBeGreaterThan(4_000);
});
