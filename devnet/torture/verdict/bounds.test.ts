import { expect, test } from '@jest/globals';
import { validatorId } from '../../../domain/network/network.ts';
import type { Phase } from '../fault.ts';
import type { Struck } from '../ledger.ts';
import { heeded, seenAny } from './bounds.ts';

const struck = (phase: Phase, change: Partial<Struck> = {}): Struck => ({
  fault: {
    kind: 'hostile-wrong-partial',
    act: 'wrong-partial',
    who: [validatorId(3)],
    number: 1,
    atMs: 0,
    lastsMs: 1,
    aim: phase,
  },
  beganAtMs: 0,
  endedAtMs: 1,
  phases: ['opening', phase],
  ...change,
});
const signing = struck('collecting-partials');

test('a check that has looked at nothing is a violation', () => {
  expect(seenAny('partial signatures', 0)).toEqual(['there are no partial signatures: the check says nothing']);
  expect(seenAny('partial signatures', 1)).toEqual([]);
});

test('orders to sign wrongly while vaults were signed for must have led to a wrong act', () => {
  expect(heeded([signing, signing, signing], 0)).toEqual([expect.stringContaining('3 orders to sign wrongly')]);
  expect(heeded([signing, signing, signing], 1)).toEqual([]);
});

test('nothing is asked of a storm that had few of them, or at other times, or could not give them', () => {
  const silent = { ...signing, fault: { ...signing.fault, kind: 'hostile-silent', act: 'silent' } } as Struck;
  const elsewhere = struck('settling');
  const missed = { ...signing, missed: 'it was not to be' };
  for (const other of [silent, elsewhere, missed]) expect(heeded([signing, signing, other], 0)).toEqual([]);
});
