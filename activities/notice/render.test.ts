import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { createRenderer } from './render.ts';

const failureOf = (run: () => unknown): FirebreakFailure => {
  try {
    run();
  } catch (error) {
    if (error instanceof FirebreakFailure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

test('the first line is the title, the rest the body', () => {
  expect(createRenderer({ a: '{{ x }} stopped\n\nOne: {{ y }}\n' })('a', { x: 'Signing', y: 1 })).toEqual({
    title: 'Signing stopped',
    body: 'One: 1',
  });
});

test.each([
  ['in a text', 'Hello {{ who.nam }}', 'who.nam'],
  ['in a condition', '{% if gone %}x{% endif %}', 'gone'],
  ['in a list', '{% for x in lots %}x{% endfor %}', 'lots'],
  ['of a prototype', '{{ who.constructor }}', 'who.constructor'],
  ['of the process', '{{ process.env.HOME }}', 'process'],
])('a missing variable %s is an error that names template and variable', (_where, source, variable) => {
  const failure = failureOf(() => createRenderer({ greeting: source })('greeting', { who: { name: 'Ada' } }));
  expect(failure.code).toBe('input.notice-template');
  expect(failure.message).toContain('template greeting');
  expect(failure.details['template']).toBe('greeting');
  expect(String(failure.details['variable'])).toContain(variable);
});

test('a missing variable of an included part names both', () => {
  const failure = failureOf(() => createRenderer({ whole: "x {% include 'part' %}", part: '{{ gone }}' })('whole', {}));
  expect(failure.message).toMatch(/template whole: in part: undefined variable: gone/);
});

test.each([
  ['a filter that is not allowed', '{{ "a" | append: "b" }}'],
  ['a tag that is not allowed', '{% assign x = 1 %}'],
  ['a tag that reads files', '{% render "/etc/passwd" %}'],
  ['a raw block', '{% raw %}x{% endraw %}'],
  ['an unclosed tag', '{% if x %}'],
  ['the way round escaping', '{{ x | raw }}'],
])('%s is an error before anything is sent', (_what, source) => {
  expect(failureOf(() => createRenderer({ bad: source })('bad', { x: 'y' })).code).toBe('input.notice-template');
});

test('a group of values in a sentence is an error and not [object Object]', () => {
  const failure = failureOf(() => createRenderer({ t: '{{ who }}' })('t', { who: { name: 'Ada' } }));
  expect(failure.code).toBe('input.notice-template');
  expect(failure.message).toContain('stands in a sentence');
});

test.each(['/etc/passwd', '../../package.json', 'file:///etc/passwd', './render.ts'])(
  'a template that includes %s finds no file',
  (path) => {
    const failure = failureOf(() => createRenderer({ thief: `{% include "${path}" %}` })('thief', {}));
    expect(failure.code).toBe('input.notice-template');
  },
);

test('a template is not found under the name of something that every object has', () => {
  expect(failureOf(() => createRenderer({})('constructor', {})).code).toBe('input.notice-template');
});

test.each([
  ['a loop that never seems to end', '{% for a in (1..100000000) %}x{% endfor %}'],
  ['loops in loops', '{% for a in (1..9999) %}{% for b in (1..9999) %}x{% endfor %}{% endfor %}'],
  ['more text than a notice', '{% for a in (1..30000) %}x{% endfor %}'],
  ['a part that includes itself', "{% include 'big' %}"],
])('%s is stopped', (_what, source) => {
  const began = Date.now();
  expect(failureOf(() => createRenderer({ big: source })('big', {})).family).toBe('input');
  expect(Date.now() - began).toBeLessThan(8_000);
});

test('a template that is too long is refused when it is read', () => {
  expect(failureOf(() => createRenderer({ long: 'x'.repeat(20_000) })).code).toBe('input.notice-too-long');
});

test('a value is one inert line, and is not read as a template', () => {
  const hostile = 'a\r\nBcc: b\u001b[2J\u202e {{ secret }} {% include "x" %}';
  const { title, body } = createRenderer({ t: '{{ x }}\nend' })('t', { x: hostile, secret: 'canary' });
  expect(title).toBe('a Bcc: b\uFFFD[2J\uFFFD {{ secret }} {% include "x" %}');
  expect(body).toBe('end');
});
