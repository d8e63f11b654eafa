import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Delivered } from './messages.ts';
import {
  deliveredFrom,
  heard,
  LATE_FIRING_MS,
  mustOpen,
  NOTHING_HEARD,
  outcomeOf,
  SILENCE_MS,
  waitMs,
} from './state.ts';

const firing = (atMs: number): Delivered => ({ status: 'firing', atMs });
const resolved = (atMs: number): Delivered => ({ status: 'resolved', atMs });
const after = (...deliveries: readonly Delivered[]) => deliveries.reduce(heard, NOTHING_HEARD);

test('what was heard does not depend on the order in which it was', () => {
  const delivery = fc.record({ status: fc.constantFrom('firing' as const, 'resolved' as const), atMs: fc.nat() });
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 20 }), fc.integer(), (deliveries, turn) => {
      const cut = deliveries.length === 0 ? 0 : Math.abs(turn) % deliveries.length;
      expect(after(...deliveries.slice(cut), ...deliveries.slice(0, cut))).toEqual(after(...deliveries));
    }),
  );
});

test('a firing is answered once, whenever it is heard', () => {
  expect(mustOpen(after())).toBe(false);
  expect(mustOpen(after(resolved(1)))).toBe(false);
  expect(mustOpen(after(resolved(1), firing(2)))).toBe(true);
  expect(mustOpen({ ...after(firing(1), firing(2)), incident: 'incident/x/y' })).toBe(false);
});

test('a record waits as long as its alert fires, a little for a firing that was overtaken, and not for ever', () => {
  expect(waitMs(after(), 0)).toBe(SILENCE_MS);
  expect(waitMs(after(firing(1_000)), 1_000)).toBe(SILENCE_MS);
  expect(waitMs(after(firing(1_000)), 1_000 + SILENCE_MS)).toBe(0);
  expect(waitMs(after(resolved(1_000)), 1_000)).toBe(LATE_FIRING_MS);
  expect(waitMs(after(resolved(1_000)), 1_000 + LATE_FIRING_MS)).toBe(0);
  expect(waitMs(after(firing(1), resolved(2)), 3)).toBe(0);
  // In either order: the overtaken firing is answered first, and then it is over.
  expect(waitMs(after(resolved(5), firing(2)), 3)).toBe(0);
});

test('a record ends as what it was', () => {
  expect(outcomeOf(after(firing(1), resolved(2)))).toBe('resolved');
  expect(outcomeOf(after(resolved(2)))).toBe('never-fired');
  expect(outcomeOf(after(firing(1)))).toBe('fell-silent');
});

test('a delivery of another shape counts as none', () => {
  expect(deliveredFrom({ status: 'firing', atMs: 5, more: 1 })).toEqual({ status: 'firing', atMs: 5 });
  for (const said of [
    undefined,
    null,
    'firing',
    [],
    {},
    { status: 'maybe', atMs: 5 },
    { status: 'firing', atMs: 9e15 },
    { status: 'firing' },
  ])
    expect(deliveredFrom(said)).toBeUndefined();
});
