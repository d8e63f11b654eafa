import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { looked, NO_OUTAGE, type Outage } from './outage.ts';

const patience = { lostAfterLooks: 3, backAfterLooks: 2 };
const events = (looks: readonly boolean[], from: Outage = NO_OUTAGE): readonly (string | undefined)[] => {
  let outage = from;
  return looks.map((fine, at) => {
    const next = looked(outage, fine, at, patience);
    outage = next.outage;
    return next.event;
  });
};

test('an outage begins with so many bad looks in a row and ends with so many good ones, each said once', () => {
  expect(events([false, false, false, false, true, true, true])).toEqual([
    undefined,
    undefined,
    'lost',
    undefined,
    undefined,
    'back',
    undefined,
  ]);
});

test('what comes and goes pages once, and one bad look pages nobody', () => {
  expect(events([false, false, true, false, false, true])).toEqual(Array.from({ length: 6 }));
  expect(events([false, false, false, true, false, true, false]).filter(Boolean)).toEqual(['lost']);
});

test('whatever is seen, lost and back take turns', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (looks) => {
      const said = events(looks).filter(Boolean);
      expect(said).toEqual(said.map((_event, at) => (at % 2 === 0 ? 'lost' : 'back')));
    }),
  );
});
