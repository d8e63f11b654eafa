import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextWordDueMs } from './cadence.ts';
import {
  BODY_CHARACTERS_MAX,
  BODY_LINES_MAX,
  headlineOf,
  inertNotice,
  type Notice,
  threadOf,
  TITLE_CHARACTERS_MAX,
} from './notice.ts';

const notice = (change: Partial<Notice> = {}): Notice => ({
  thread: 'ab',
  severity: 'SEV1',
  exercise: false,
  title: 'Shares may have been copied',
  body: 'one\n  two',
  issuedAtMs: 1,
  ...change,
});

test('an exercise says so before its severity', () => {
  expect(headlineOf(notice({ exercise: true }))).toBe('[EXERCISE] [SEV1] Shares may have been copied');
  expect(headlineOf(notice())).toBe('[SEV1] Shares may have been copied');
});

test('good words stay as they are, indentation and empty lines included', () => {
  const good = notice({ body: 'What:\n- one\n  more of it\n\nNext: 20:15 UTC', link: 'https://status.example.org/7' });
  expect(inertNotice(good)).toEqual(good);
});

test('whatever words are given, the notice is bounded, shows everything that it holds and opens nothing', () => {
  const seed = Date.now() % 2 ** 31;
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: 'binary', maxLength: 8_000 }),
      (title, body) => {
        const inert = inertNotice(notice({ title: `https://${title}`, body: `http://${body}` }));
        expect([...inert.title].length).toBeLessThanOrEqual(TITLE_CHARACTERS_MAX + 20);
        expect([...inert.body].length).toBeLessThanOrEqual(BODY_CHARACTERS_MAX);
        expect(inert.body.split('\n').length).toBeLessThanOrEqual(BODY_LINES_MAX + 1);
        expect(inert.title).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|:\/\//u);
        expect(inert.body.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|:\/\//u);
        expect(inertNotice(inert)).toEqual(inert);
      },
    ),
    { seed, numRuns: 300 },
  );
});

test.each([
  'javascript:alert(1)',
  'http://status.example.org',
  'https://a b',
  'https://a\r\nBcc: x',
  'file:///etc/passwd',
])('%j is no link that anybody should open', (link) => {
  expect(inertNotice(notice({ link }))).not.toHaveProperty('link');
});

test('one thread per subject and network, and no word of either in it', () => {
  expect(threadOf('drill/laptop', 'inc-1')).toMatch(/^[0-9a-f]{64}$/);
  expect(threadOf('drill/laptop', 'inc-1')).not.toBe(threadOf('production/laptop', 'inc-1'));
  expect(threadOf('drill/laptop', 'inc-1')).toBe(threadOf('drill/laptop', 'inc-1'));
});

test('the next word on SEV1 is due within an hour, on SEV2 within four, on SEV4 when something changes', () => {
  expect(nextWordDueMs('SEV1', 1_000)).toBe(3_601_000);
  expect(nextWordDueMs('SEV2', 0)).toBe(4 * 3_600_000);
  expect(nextWordDueMs('SEV4', 0)).toBeUndefined();
});
