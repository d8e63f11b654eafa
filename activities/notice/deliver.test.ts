import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Notice } from '../../domain/notification/notice.ts';
import type { DeliveryReceipt, Notifier } from '../../domain/ports/notifier.ts';
import { deliver } from './deliver.ts';

const notice: Notice = { thread: 'ab', severity: 'SEV2', exercise: false, title: 'x', body: 'y', issuedAtMs: 1 };
const receipt: DeliveryReceipt = { route: 'a', reference: 'r', state: 'shown', exercise: false, atMs: 1, missed: 0 };
const context = (ms = 10_000, signal = new AbortController().signal) => ({
  idempotencyKey: 'k',
  signal,
  deadlineMs: Date.now() + ms,
});
const throttled = (retryAfterSeconds: number) =>
  new FirebreakFailure('unavailable.notifier-throttled', 'later', { retryAfterSeconds });

/** Fails with each of these in turn, then succeeds; writes down what it was asked. */
function scripted(...failures: Error[]) {
  const asked: string[] = [];
  const answer =
    (what: string) =>
    async (_notice: Notice, second: unknown): Promise<DeliveryReceipt> => {
      asked.push(
        typeof second === 'object' && second !== null && 'reference' in second
          ? `${what} ${String(second.reference)}`
          : what,
      );
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return receipt;
    };
  const notifier: Notifier = { route: 'a', send: answer('send'), update: answer('update'), resolve: answer('resolve') };
  return { notifier, asked };
}

test('what may help is tried again, under the same key', async () => {
  const { notifier, asked } = scripted(throttled(0), new FirebreakFailure('unknown-outcome.notifier-answer', 'gone'));
  expect(await deliver(notifier, 'send', notice, undefined, context(), Date.now)).toEqual(receipt);
  expect(asked).toEqual(['send', 'send', 'send']);
});

test('what its author has to mend is not tried again', async () => {
  const { notifier, asked } = scripted(new FirebreakFailure('input.notifier-refused', 'no such room'));
  await expect(deliver(notifier, 'send', notice, undefined, context(), Date.now)).rejects.toMatchObject({
    code: 'input.notifier-refused',
  });
  expect(asked).toEqual(['send']);
});

test('a channel that names a later time than there is gets no second request', async () => {
  const { notifier, asked } = scripted(throttled(60));
  await expect(deliver(notifier, 'send', notice, undefined, context(2_000), Date.now)).rejects.toMatchObject({
    code: 'unavailable.notifier-throttled',
  });
  expect(asked).toEqual(['send']);
});

test('five tries are the most', async () => {
  const { notifier, asked } = scripted(...Array.from({ length: 20 }, () => throttled(0)));
  await expect(deliver(notifier, 'send', notice, undefined, context(), Date.now)).rejects.toThrow();
  expect(asked.length).toBe(5);
});

test('an update goes to the conversation of the first receipt; without one it opens a conversation', async () => {
  const { notifier, asked } = scripted();
  await deliver(notifier, 'update', notice, { ...receipt, reference: 'first' }, context(), Date.now);
  await deliver(notifier, 'resolve', notice, undefined, context(), Date.now);
  expect(asked).toEqual(['update first', 'send']);
});

test('a notifier that listens to nothing costs the time that was given and no more', async () => {
  const deaf: Notifier = { ...scripted().notifier, send: () => new Promise(() => undefined) };
  await expect(deliver(deaf, 'send', notice, undefined, context(50), Date.now)).rejects.toMatchObject({
    code: 'unavailable.channel',
  });
});

test('a notice that is cancelled while a channel waits is told no more', async () => {
  const stop = new AbortController();
  const { notifier, asked } = scripted(throttled(30));
  const telling = deliver(notifier, 'send', notice, undefined, context(60_000, stop.signal), Date.now);
  setImmediate(() => stop.abort());
  await expect(telling).rejects.toThrow();
  expect(asked).toEqual(['send']);
});

test.each([
  undefined,
  'delivered',
  {},
  { ...receipt, route: 'a route that fails alone' },
  { ...receipt, reference: 'r'.repeat(301) },
  { ...receipt, reference: 'a\nb' },
  { ...receipt, state: 'read' },
  { ...receipt, exercise: 'no' },
  { ...receipt, atMs: '1' },
  { ...receipt, missed: -1 },
])('what is no receipt confirms nothing, and is not asked for again: %p', async (given) => {
  let asked = 0;
  const send = async (): Promise<DeliveryReceipt> => {
    asked += 1;
    return given as DeliveryReceipt;
  };
  const lying: Notifier = { ...scripted().notifier, send };
  await expect(deliver(lying, 'send', notice, undefined, context(), Date.now)).rejects.toMatchObject({
    code: 'bug.notifier-receipt',
  });
  expect(asked).toBe(1);
});

test('of a receipt only what receipts have is kept', async () => {
  const send = async (): Promise<DeliveryReceipt> => ({ ...receipt, debug: 'canary' }) as DeliveryReceipt;
  const talkative: Notifier = { ...scripted().notifier, send };
  expect(await deliver(talkative, 'send', notice, undefined, context(), Date.now)).toEqual(receipt);
});
