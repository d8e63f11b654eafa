import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { type Notice, type Ran, type RanTest, type Removal, removed, unnoticed } from './removal.ts';

const removal: Removal = {
  name: 'the check',
  why: 'the worst could happen',
  file: 'a.ts',
  text: 'if (bad) return;',
  instead: '',
  noticedBy: [],
};

describe('a removal', () => {
  test('takes the text out where it stands once', () => {
    expect(removed(removal, 'one();\nif (bad) return;\ntwo();')).toEqual({ text: 'one();\n\ntwo();' });
  });

  test('whose text is gone, or stands there twice, says what to do', () => {
    expect(removed(removal, 'if (worse) return;')).toMatchObject({
      problem: expect.stringMatching(/is not there any more:[\s\S]*Find where the check stands now/),
    });
    expect(removed(removal, 'if (bad) return;if (bad) return;')).toMatchObject({
      problem: expect.stringContaining('stands there 2 times'),
    });
  });
});

describe('a removal counts as noticed only when', () => {
  const notice: Notice = { file: 'a.test.ts', titles: ['the bad is refused'] };
  const ran = (...tests: readonly Partial<RanTest>[]): Ran => ({
    kind: 'ran',
    tests: tests.map((each) => ({
      title: 'a validator the bad is refused',
      passed: true,
      onAssertion: false,
      message: '',
      ...each,
    })),
  });
  const broken: Ran = { kind: 'could-not-run', message: 'SyntaxError' };
  const [passes, fails] = [ran({}), ran({ passed: false, onAssertion: true, message: 'expect' })];

  test('the tests pass with the check and fail on an assertion without it', () => {
    expect(unnoticed(notice, passes, fails)).toBeUndefined();
  });

  test.each([
    ['the test passes without the check', passes, passes, 'nothing notices'],
    ['the test fails with the check', fails, fails, 'fails also with the check in place'],
    ['the test breaks', passes, ran({ passed: false, message: 'TypeError' }), 'no assertion of it fails'],
    ['the file does not run without the check', passes, broken, 'does not run at all'],
    ['the file does not run with the check', broken, fails, 'cannot be run with the check'],
    ['there is no such test', ran({ title: 'the bad is refused quickly' }), fails, 'has no test called'],
    ['the test did not run without the check', passes, ran(), 'did not run without'],
  ])('not when %s', (_case, whole, without, why) => {
    expect(unnoticed(notice, whole, without)).toContain(why);
  });
});

test('every list is run, and each removal has a name of its own', async () => {
  const folder = path.join(projectFolder, 'test', 'removals');
  const lists = readdirSync(folder).filter((file) => file.endsWith('.removals.ts'));
  const names = lists.flatMap((file) =>
    [...readFileSync(path.join(folder, file), 'utf8').matchAll(/^ {4}name: (.*),$/gm)].map(([, name]) => name),
  );
  expect(names.length).toBeGreaterThan(40);
  expect(new Set(names).size).toBe(names.length);
});
