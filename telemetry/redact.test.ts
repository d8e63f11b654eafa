import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { redact, redactText } from './redact.ts';

test('a field whose name says secret is hidden at any depth', () => {
  expect(redact({ pin: '1234', nested: { Passphrase: 'open', height: 7 } })).toEqual({
    pin: '[hidden]',
    nested: { Passphrase: '[hidden]', height: 7 },
  });
});

test('bytes are counted and never shown', () => {
  expect(redact({ bytes: Uint8Array.of(1, 2, 3) })).toEqual({ bytes: '[3 bytes]' });
});

test('credentials inside a sentence are cut out and the rest stays readable', () => {
  expect(redactText('cannot reach http://alice:hunter2@node:8332 (password=hunter2)')).toBe(
    'cannot reach http://[hidden]@node:8332 (password=[hidden]',
  );
  expect(redactText('AGE-SECRET-KEY-1QQQQQ end')).toBe('[hidden] end');
  expect(redactText('AGE-SECRET-KEY-PQ-1QQQQQ end')).toBe('[hidden] end');
});

test('an error keeps its code and details, also as the cause of another', () => {
  const inner = new FirebreakFailure('unavailable.node-down', 'node is down', { height: 3 });
  expect(redact(new Error('outer', { cause: inner }))).toMatchObject({
    message: 'outer',
    cause: { code: 'unavailable.node-down', details: { height: 3 } },
  });
});

test('an endless structure ends', () => {
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  expect(JSON.stringify(redact(loop))).toContain('[deeper]');
});

test('public facts pass unchanged', () => {
  expect(redact({ txid: 'ab'.repeat(32), validators: [1, 2] })).toEqual({ txid: 'ab'.repeat(32), validators: [1, 2] });
});
