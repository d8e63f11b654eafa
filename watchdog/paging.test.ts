import { expect, test } from '@jest/globals';
import type { DeliveryReceipt, Notifier } from '../domain/ports/notifier.ts';
import { createLogger } from '../telemetry/log.ts';
import { type Page, PAGES_MAX } from './memory.ts';
import { deliver, newPage, withPage } from './paging.ts';

const logger = createLogger({ name: 'test', level: 'error' });
const config = { network: 'laptop', environment: 'production' } as const;
const receipt: DeliveryReceipt = {
  route: 'r',
  reference: 'x',
  state: 'accepted',
  exercise: false,
  atMs: 1,
  missed: 0,
};
const page = (change: Partial<Page> = {}): Page => ({
  ...newPage({ what: 'temporal', title: 'Temporal is gone', body: '', sinceMs: 1, over: false, once: false }),
  ...change,
});

/** A channel that is down until it is not; it counts what it was asked. */
function channel() {
  const state = { isUp: false, asked: 0, sent: 0 };
  const take = async () => {
    state.asked += 1;
    if (!state.isUp) throw new Error('down');
    state.sent += 1;
    return receipt;
  };
  return { state, notifiers: { only: { route: 'r', send: take, resolve: take } as unknown as Notifier } };
}
async function looks(count: number, one: Page, notifiers: Readonly<Record<string, Notifier>>): Promise<boolean> {
  let isDone = false;
  for (let at = 0; at < count && !isDone; at += 1) isDone = await deliver(one, notifiers, config, logger, at);
  return isDone;
}

test('a channel that was down for a day is told as soon as it is back, and is asked ever less often until then', async () => {
  const { state, notifiers } = channel();
  const one = page();
  expect(await looks(1_000, one, notifiers)).toBe(false);
  expect(state.asked).toBeLessThan(150);
  state.isUp = true;
  await looks(20, one, notifiers);
  expect(state.sent).toBe(1);
});

test('an incident that somebody ended is not forgotten before a person was told of it', async () => {
  const { state, notifiers } = channel();
  const one = page({ once: true });
  expect(await looks(1_000, one, notifiers)).toBe(false);
  state.isUp = true;
  expect(await looks(20, one, notifiers)).toBe(true);
});

test('that it is over is said however long it takes', async () => {
  const { state, notifiers } = channel();
  const one = page({ over: true, receipts: { only: receipt } });
  expect(await looks(1_000, one, notifiers)).toBe(false);
  state.isUp = true;
  expect(await looks(20, one, notifiers)).toBe(true);
});

test('when there is no room, what was told goes first, and what was not told is never lost', () => {
  const full = Array.from({ length: PAGES_MAX }, (_unused, at) => page({ what: `api:${at}` }));
  const told = full.map((each, at) => (at === 7 ? { ...each, receipts: { only: receipt } } : each));
  const after = withPage(told, page({ what: 'new' }));
  expect(after).toHaveLength(PAGES_MAX);
  expect(after.map(({ what }) => what)).not.toContain('api:7');
  const untold = withPage(full, page({ what: 'new', title: 'One more' }));
  expect(untold.map(({ what }) => what)).toEqual(full.map(({ what }) => what));
  expect(untold.at(-1)?.body).toContain('One more (new)');
});
