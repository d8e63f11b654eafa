import { describe, expect, test } from '@jest/globals';
import { checkExpression, evaluateExpression, type Names } from './expression.ts';
import { checkPattern, findsPattern } from './pattern.ts';
import { LIST_ITEMS_MAX } from './value.ts';

const NAMES: Names = {
  inputs: { suspect: 'validator', name: 'text', others: 'list<validator>', on: 'bool' },
  alert: { labels: 'map<text>' },
  steps: { key: 'anything' },
};
const check = (text: string) => checkExpression(text, NAMES);

test.each([
  ['inputs.suspect + 1 > 2', 'bool', ['inputs.suspect']],
  ['inputs.others.exists(each, each == inputs.suspect)', 'bool', ['inputs.others', 'inputs.suspect']],
  ['alert.labels.zone == "eu" || "zone" in alert.labels', 'bool', ['alert.labels', 'alert.labels']],
  ['inputs.on ? "a" : inputs.name', 'string', ['inputs.on', 'inputs.name']],
  ['[inputs.suspect]', 'list<int>', ['inputs.suspect']],
  ['re(inputs.name, "^v[0-9]+$")', 'bool', ['inputs.name']],
])('%s is %s and reads what it names', (text, type, references) => {
  const checked = check(text);
  expect(checked).toMatchObject({ ok: true, type });
  expect(checked.ok && checked.references.map((each) => each.join('.'))).toEqual(references);
});

test.each([
  ['inputs.suspect.constructor', 'expression'],
  ['inputs.__proto__', 'unresolved'],
  ['inputs["suspect"]', 'expression'],
  ['this', 'unresolved'],
  ['steps.key.epoch + 1.5', 'expression'],
  ['timestamp("2026-01-01T00:00:00Z") < timestamp("2027-01-01T00:00:00Z")', 'expression'],
  ['inputs.name.matches("^(a+)+$")', 'expression'],
  ['dyn(inputs.name) == 1', 'expression'],
  ['cel.bind(x, 1, x)', 'unresolved'],
  ['inputs.others + inputs.others', 'expression'],
  ['(inputs.on ? inputs.others : [1]) + [2]', 'expression'],
  ['inputs.others.map(x, x) + [2]', 'expression'],
  ['inputs.others.all(inputs, inputs > 1)', 'expression'],
  ['((((((((((((((((((((((((((((1))))))))))))))))))))))))))))', 'expression'],
  ['re(inputs.name, inputs.name)', 'pattern'],
])('%s is refused', (text, code) => {
  expect(check(text)).toMatchObject({ ok: false, finding: { code: `input.playbook-${code}` } });
});

test('an expression of too many parts, or too long, is refused', () => {
  for (const text of [`${'1 + '.repeat(200)}1`, 'a'.repeat(2_000)])
    expect(check(text)).toMatchObject({ ok: false, finding: { code: 'input.playbook-expression' } });
});

describe('evaluation', () => {
  const values = { inputs: { suspect: 7, others: [1, 7], name: 'v7', on: true }, alert: { labels: { 'a-b': 'x' } } };

  test('gives plain values with whole numbers', () => {
    expect(evaluateExpression('inputs.suspect * 2', values)).toBe(14);
    expect(evaluateExpression('inputs.others.map(x, x + 1)', values)).toEqual([2, 8]);
    expect(evaluateExpression('alert.labels["a-b"] == "x"', values)).toBe(true);
  });

  test.each([
    ['a name without a value', 'vars.live > 1', values],
    ['a number beyond what every reader holds', 'inputs.suspect * 9007199254740993', values],
    ['division by zero', 'inputs.suspect / 0', values],
    ['a result that is a map', '{"a": 1}', values],
    [
      'a list that is too long',
      'inputs.others.all(x, x > 0)',
      { inputs: { others: Array(LIST_ITEMS_MAX + 1).fill(1) } },
    ],
    ['a text that is too long', 'size(inputs.name) > 0', { inputs: { name: 'x'.repeat(5_000) } }],
    ['a label that is not there', 'alert.labels.zone == "x"', values],
  ])('fails on %s', (_what, text, context) => {
    expect(() => evaluateExpression(text, context)).toThrow(
      expect.objectContaining({ code: 'input.playbook-expression' }),
    );
  });

  test('never reaches what every object has', () => {
    expect(() => evaluateExpression('alert.labels.constructor == "x"', values)).toThrow();
    expect(() => evaluateExpression('inputs.toString == "x"', values)).toThrow();
  });

  test('of the dearest kinds of expression that are accepted is over before anyone waits', () => {
    const long = 'a'.repeat(4_000);
    const dear = [
      `inputs.others.all(x, inputs.others.all(y, ${Array(4).fill('x + y > 0').join(' && ')}))`,
      'inputs.others.all(x, inputs.others.all(y, y > 0 && x > 0 && x != y + 900))',
      `inputs.others.all(x, ${Array(12).fill('!(x + 900 in inputs.others)').join(' && ')})`,
      Array(10).fill('!re(inputs.name, "^(a|aa)+b$")').join(' && '),
      `inputs.others.all(x, ${Array(20).fill('!inputs.name.contains("ab")').join(' && ')})`,
    ];
    const others = Array.from({ length: LIST_ITEMS_MAX }, (_, index) => index + 1);
    for (const text of dear) {
      expect({ text, ...check(text) }).toMatchObject({ text, ok: true });
      const started = performance.now();
      expect(evaluateExpression(text, { inputs: { others, name: long } })).toBe(true);
      expect({ text, fast: performance.now() - started < 5_000 }).toEqual({ text, fast: true }); // far above, for loaded machines
    }
  });

  test.each([
    [
      'lists looked through in two loops',
      `inputs.others.all(x, inputs.others.all(y, ${Array(24).fill('x in inputs.others').join(' || ')}))`,
    ],
    ['a pattern in a loop', 'inputs.others.all(x, re(inputs.name, "a+"))'],
    ['texts searched in two loops', `inputs.others.all(x, inputs.others.all(y, inputs.name.contains("a")))`],
    ['lists compared in two loops', 'inputs.others.all(x, inputs.others.all(y, inputs.others == inputs.others))'],
  ])('would cost too much and is refused: %s', (_what, text) => {
    expect(check(text)).toMatchObject({ ok: false, finding: { message: expect.stringMatching(/may take \d+ steps/) } });
  });
});

describe('patterns', () => {
  test.each(['^custody-[0-9]+$', '(ab)?c', 'a{2,50}', '[(+*]+x', '\\(a+\\)+', '(?:a|b)+', '(a+)b', '[^]]+', 'a+?'])(
    '%s is accepted',
    (pattern) => expect(checkPattern(pattern)).toMatchObject({ ok: true }),
  );

  test.each([
    '(a+)+',
    '((a*)b)*',
    '(a{1,50}){2,50}',
    '(a+)\\1',
    '(?=a)',
    'a{1,101}',
    'x'.repeat(201),
    '(',
    '([a-z]+)*',
    '(?:a+)+',
  ])('%s is refused', (pattern) =>
    expect(checkPattern(pattern)).toMatchObject({ ok: false, refusal: { code: 'input.playbook-pattern' } }),
  );

  test('take no time on a text that stops a backtracking reader', () => {
    const started = performance.now();
    expect(findsPattern('^(a|aa)+$', `${'a'.repeat(4_000)}!`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
