import { expect, test } from '@jest/globals';
import type { KeyUse } from '../domain/ports/keystore.ts';
import { KeyUses } from './key-uses.ts';

const use = (purpose: string): KeyUse => ({ purpose, outcome: 'opened' }) as KeyUse;

test('what was used before the journal is the first thing in it, in its order', () => {
  const uses = new KeyUses();
  uses.record(use('host identity'));
  const seen: string[] = [];
  uses.recordIn(({ purpose }) => void seen.push(purpose));
  uses.record(use('signing-a'));
  expect(seen).toEqual(['host identity', 'signing-a']);
  expect(uses.counts).toEqual({ opened: 2, refused: 0 });
});

test('a use that the journal does not take is not counted and not held for later', () => {
  const uses = new KeyUses();
  uses.recordIn(() => {
    throw new Error('the disk is full');
  });
  expect(() => uses.record(use('signing-a'))).toThrow('the disk is full');
  expect(uses.counts).toEqual({ opened: 0, refused: 0 });
});

test('only a few uses wait for a journal: more are refused, and with that the secret stays closed', () => {
  const uses = new KeyUses();
  for (let at = 0; at < 4; at += 1) uses.record(use(`${at}`));
  expect(() => uses.record(use('4'))).toThrow('not open yet');
});
