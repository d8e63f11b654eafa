import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FEE_RUNGS_MAX, type FeeLook, feeLadder, highestFee, judgeClimb, proposeHigherFees } from './fee-ladder.ts';

const costs = (feeSats: number): FeeLook => ({ kind: 'estimate', feeSats });
const nobodyKnows: FeeLook = { kind: 'no-estimate', reason: 'new nodes' };
const ladder = [500, 1_000, 2_000, 4_000];
const judge = (rung: number, look: FeeLook, isLate = true, blindBefore = 0) =>
  judgeClimb({ rung, ladder, look, isLate, blindBefore });

test('a request without higher fees is a ladder of one', () => {
  expect(feeLadder({ feeSats: 500 })).toEqual([500]);
  expect(feeLadder({ feeSats: 500, higherFeesSats: [600, 700] })).toEqual([500, 600, 700]);
  expect([highestFee({ feeSats: 500 }), highestFee({ feeSats: 500, higherFeesSats: [600, 700] })]).toEqual([500, 700]);
});

test('a proposed ladder doubles, ends at the highest fee that was allowed, and proposes nothing where there is no room', () => {
  expect(proposeHigherFees(500, 4_000, 111)).toEqual([1_000, 2_000, 4_000]);
  expect(proposeHigherFees(500, 5_000, 111)).toEqual([1_000, 2_000, 4_000, 5_000]);
  // A last step that nodes would not take as a replacement is no step of its own.
  expect(proposeHigherFees(500, 4_050, 111)).toEqual([1_000, 2_000, 4_050]);
  expect(proposeHigherFees(500, 610, 111)).toEqual([]);
  expect(proposeHigherFees(500, 611, 111)).toEqual([611]);
  expect(proposeHigherFees(500, 400, 111)).toEqual([]);
});

test('whatever is allowed, each proposed fee can replace the one before it and none is above the highest', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(10_000_000), fc.integer({ min: 90, max: 6_000 }), (fee, highest, vsize) => {
      const fees = [fee, ...proposeHigherFees(fee, highest, vsize)];
      expect(fees.length).toBeLessThanOrEqual(FEE_RUNGS_MAX);
      for (const [at, one] of fees.slice(1).entries()) expect(one - (fees[at] ?? 0)).toBeGreaterThanOrEqual(vsize);
      if (fees.length > 1) expect(fees.at(-1)).toBe(highest);
    }),
  );
});

test('an estimate above the present fee is reached in one step, by the lowest fee that reaches it', () => {
  expect(judge(0, costs(900))).toEqual({ kind: 'sign', rung: 1 });
  expect(judge(0, costs(1_000), false)).toEqual({ kind: 'sign', rung: 1 });
  expect(judge(0, costs(1_001))).toEqual({ kind: 'sign', rung: 2 });
  expect(judge(1, costs(1_000_000))).toEqual({ kind: 'sign', rung: 3 });
});

test('while the fee is what validators say, blocks that pass by are no reason to pay more', () => {
  expect(judge(0, costs(500), true, 5)).toEqual({ kind: 'wait', because: 'fee-is-enough' });
  expect(judge(3, costs(4_000))).toEqual({ kind: 'wait', because: 'fee-is-enough' });
});

test('without an estimate it goes up one step at a time, and only when it was late twice', () => {
  expect(judge(0, nobodyKnows)).toEqual({ kind: 'wait', because: 'no-estimate' });
  expect(judge(0, nobodyKnows, true, 1)).toEqual({ kind: 'sign', rung: 1 });
  // A node that does not hold it is no block that passed by.
  expect(judge(0, nobodyKnows, false, 1)).toEqual({ kind: 'wait', because: 'no-estimate' });
});

test('at the end of the ladder nothing is signed', () => {
  for (const look of [costs(1_000_000), nobodyKnows])
    expect(judge(3, look, true, 9)).toEqual({ kind: 'wait', because: 'ladder-ends' });
});

test('whatever is said, a climb goes up, and never past what was signed', () => {
  const look = fc.oneof(fc.nat(10_000).map(costs), fc.constant(nobodyKnows));
  fc.assert(
    fc.property(fc.nat(3), look, fc.boolean(), fc.nat(3), (rung, said, isLate, blind) => {
      const climb = judge(rung, said, isLate, blind);
      if (climb.kind === 'wait') return;
      expect(climb.rung).toBeGreaterThan(rung);
      expect(climb.rung).toBeLessThan(ladder.length);
    }),
  );
});
