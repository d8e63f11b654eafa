import { describe, expect, test } from '@jest/globals';
import { loadPlaybook } from './load.ts';
import type { Problem } from './problem.ts';
import { CATALOGUE, COMMITTEE, SOUND } from './testkit/sound.ts';

const MIB = 1_048_576;
/** Generous for a loaded machine; what the texts below would cost without their bound is far more. */
const PATIENCE_MS = 20_000;

/** Reads hostile bytes and gives what is said; nothing may be thrown, hang, or start anything. */
function readHostile(text: string | Uint8Array): readonly Problem[] {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const started = performance.now();
  const loaded = loadPlaybook(bytes, 'x.yaml', { catalogue: CATALOGUE, committee: COMMITTEE });
  expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
  return loaded.ok ? [] : loaded.problems;
}

const aliasBomb = (levels: number): string =>
  Array.from({ length: levels }, (_, level) =>
    level === 0
      ? 'a0: &a0 [x, x]'
      : `a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`,
  ).join('\n');

type Hostile = readonly [what: string, text: string | Uint8Array, code: string, place: string, message: RegExp];

const hostile: readonly Hostile[] = [
  ['nothing', '', 'yaml', '1:1', /does not hold a map/],
  ['ten megabytes', 'a: b\n'.repeat(2 * MIB), 'file', '1:1', /at most 262144/],
  ['an alias bomb', aliasBomb(12), 'yaml', '1:9', /anchor &a0/],
  ['one alias', SOUND.replace('summary: Used by tests.', 'summary: &s Used\nx: *s'), 'yaml', '4:13', /anchor &s/],
  ['an alias to nothing', 'a: *nobody\n', 'yaml', '1:4', /alias \*nobody/],
  ['a merge key', SOUND.replace('    timeout: 2m\n', '    <<: { timeout: 2m }\n'), 'yaml', '27:5', /merge key/],
  [
    'a key that is written twice',
    SOUND.replace('    timeout: 2m\n', '    timeout: 2m\n    timeout: 9d\n'),
    'yaml',
    '28:5',
    /unique/,
  ],
  [
    'a key in quotes that is written twice',
    SOUND.replace('    timeout: 2m\n', '    timeout: 2m\n    "timeout": 9d\n'),
    'yaml',
    '28:5',
    /unique/,
  ],
  ['a key that is a number', `${SOUND}7: x\n`, 'schema', '101:1', /`7` is not a field/],
  ['a key that is a list', `${SOUND}? [a, b]\n: x\n`, 'yaml', '101:3', /string/i],
  ['a key that is nothing', `${SOUND}: x\n`, 'schema', '101:1', /is not a field/],
  ['tabs as indentation', SOUND.replace('    timeout: 2m\n', '\ttimeout: 2m\n'), 'yaml', '27:1', /[Tt]ab/],
  ['a NUL', SOUND.replace('Used by tests', 'Used\0by tests'), 'file', '4:14', /control character/],
  ['an escape for terminals', SOUND.replace('Used by tests', 'Used \u001b[2J'), 'file', '4:15', /control character/],
  ['bytes that are not UTF-8', Uint8Array.of(0x61, 0x3a, 0xff, 0xfe), 'file', '1:1', /not UTF-8/],
  ['UTF-16', new Uint8Array(Buffer.from(SOUND, 'utf16le')), 'file', '1:2', /control character/],
  ['brackets without an end', '['.repeat(100_000), 'yaml', '1:41', /deeper than 40/],
  ['maps without an end', '{a: '.repeat(60_000), 'yaml', '1:161', /deeper than 40/],
  ['lists in lists on one line', '- '.repeat(100_000), 'yaml', '1:82', /deeper than 40/],
  ['questions in questions', '? '.repeat(100_000), 'yaml', '1:82', /deeper than 40/],
  [
    'steps that go down a stair',
    Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
    'yaml',
    '41:41',
    /deeper than 40/,
  ],
  ['tags', SOUND.replace('severity: SEV1', 'severity: !!str SEV1'), 'yaml', '5:17', /tag/],
  ['a tag that names code', 'a: !!js/function "x"\n', 'yaml', '1:4', /[Tt]ag/],
  ['two documents', `${SOUND}---\n${SOUND}`, 'yaml', '101:1', /multiple documents/],
  ['an unknown directive', `%FOO bar\n---\n${SOUND}`, 'yaml', '1:1', /directive/],
  ['infinity', SOUND.replace('initial: 0', 'initial: .inf'), 'yaml', '14:31', /not a whole number/],
  ['a fraction', SOUND.replace('initial: 0', 'initial: 0.5'), 'yaml', '14:31', /not a whole number/],
  [
    'a number that no reader holds exactly',
    SOUND.replace('initial: 0', 'initial: 9007199254740993'),
    'yaml',
    '14:31',
    /not a whole number/,
  ],
  ['nothing as a value', SOUND.replace('summary: Used by tests.', 'summary:'), 'yaml', '4:9', /without a value/],
  ['a text that does not end', SOUND.replace('Used by tests.', '"Used'), 'yaml', '4:15', /quote|Missing/],
  [
    'a field of every object',
    SOUND.replace('summary: Used by tests.', 'summary: x\n__proto__: { polluted: true }'),
    'schema',
    '5:1',
    /__proto__/,
  ],
  ['many values', `a: [${'1,'.repeat(40_000)}]`, 'yaml', '1:39999', /more than 20000 values/],
];

describe('a text that was made to hurt is refused with its place:', () => {
  test.each(hostile)('%s', (_what, text, code, place, message) => {
    const [first] = readHostile(text);
    expect({ code: first?.code, place: `${first?.line}:${first?.column}` }).toEqual({
      code: `input.playbook-${code}`,
      place,
    });
    expect(first?.message).toMatch(message);
  });

  test('and nothing of it changes what other objects hold', () =>
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined));
});

test('a byte order mark and carriage returns are no attack', () => {
  expect(readHostile(`\ufeff${SOUND}`)).toEqual([]);
  expect(readHostile(SOUND.replaceAll('\n', '\r\n'))).toEqual([]);
});

test('a thousand wrong fields are answered by a list that ends', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `wrong${index}: 1`).join('\n');
  const problems = readHostile(`${SOUND}${many}\n`);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(20);
});
