import { expect, test } from '@jest/globals';
import { judgeAnswers } from './form.ts';
import type { FormField } from './plan.ts';

const form: Readonly<Record<string, FormField>> = {
  kind: { type: 'text', label: 'Kind', options: ['fire', 'smoke'] },
  floor: { type: 'int', label: 'Floor', minimum: 0, maximum: 9 },
  code: { type: 'text', label: 'Code', pattern: '[A-Z]{2}' },
};
const sound = { kind: 'fire', floor: 3, code: 'AB' };

test('a form that is filled in as its author allowed gives its answers', () => {
  expect(judgeAnswers(form, sound)).toEqual({ ok: true, value: sound });
});

test('a field that was left out is called missing, with what belongs there', () => {
  expect(judgeAnswers(form, { kind: 'fire', code: 'AB' })).toMatchObject({
    refusal: { message: 'floor is missing: a whole number, Floor' },
  });
});

test.each([
  ['a field is missing', { kind: 'fire', floor: 3 }],
  ['a field is unknown', { ...sound, more: 1 }],
  ['a field is only inherited', Object.create(sound) as Record<string, unknown>],
  ['a choice is not offered', { ...sound, kind: 'water' }],
  ['a number is text', { ...sound, floor: '3' }],
  ['a number is too small', { ...sound, floor: -1 }],
  ['a number is too large', { ...sound, floor: 10 }],
  ['a text only contains the pattern', { ...sound, code: 'xABx' }],
  ['an answer is an object', { ...sound, kind: { toString: 'fire' } }],
])('it is refused when %s', (_what, answers) => {
  expect(judgeAnswers(form, answers)).toMatchObject({ ok: false, refusal: { code: 'input.task-answer' } });
});
