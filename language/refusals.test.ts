import { describe, expect, test } from '@jest/globals';
import { playbookFailures } from '../domain/playbook/failures.ts';
import { loadPlaybook } from './load.ts';
import type { Problem } from './problem.ts';
import type { RefusalCase } from './testkit/refusal.ts';
import { refusalsOfEffects } from './testkit/refusals-of-effects.ts';
import { refusalsOfText } from './testkit/refusals-of-text.ts';
import { CATALOGUE, COMMITTEE, SOUND } from './testkit/sound.ts';

const refusals = [...refusalsOfText, ...refusalsOfEffects];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The sound playbook with the changes of the case; what is changed has to be there, exactly once. */
function changed({ changes }: Pick<RefusalCase, 'changes'>): string {
  return changes.reduce((text, [from, to]) => {
    expect({ from, found: text.split(from).length - 1 }).toEqual({ from, found: 1 });
    return text.replace(from, () => to);
  }, SOUND);
}

/** Each text is compiled once, however many tests look at it. */
const compiled = new Map<string, readonly Problem[]>();
function problemsOf(text: string): readonly Problem[] {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const loaded = loadPlaybook(bytes(text), 'x.yaml', { catalogue: CATALOGUE, committee: COMMITTEE });
  const problems = loaded.ok ? [] : loaded.problems;
  compiled.set(text, problems);
  return problems;
}

/** `line:column` of the mark in a piece of the text, counted here and not by the reader under test. */
function placeOf(text: string, marked: string): string {
  const piece = marked.replace('‸', '');
  expect({ piece, found: text.split(piece).length - 1 }).toEqual({ piece, found: 1 });
  const before = text.slice(0, text.indexOf(piece) + marked.indexOf('‸')).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

describe('a playbook is refused for', () => {
  test.each(refusals.map((each) => [each.what, each] as const))('%s', (_what, refusal) => {
    const text = changed(refusal);
    const problems = problemsOf(text);
    expect(problems.map(({ code, field, line, column }) => `${code} ${field} ${line}:${column}`)).toEqual(
      refusal.says.map(([code, field, place]) => {
        const family = code === 'approval' || code === 'quorum' ? 'policy' : 'input';
        return `${family}.playbook-${code} ${field} ${placeOf(text, place)}`;
      }),
    );
    if (refusal.message !== undefined) expect(problems[0]?.message).toMatch(refusal.message);
  });

  test('nothing, unless something was changed', () => expect(problemsOf(SOUND)).toEqual([]));
});

test('every problem names the file and says in words what to do', () => {
  for (const refusal of refusals)
    for (const problem of problemsOf(changed(refusal))) {
      expect(problem).toMatchObject({ file: 'x.yaml', remedy: expect.stringMatching(/^.{20,}\.$/) });
      expect(problem.message.length).toBeGreaterThan(8);
    }
});

test.each([
  ['timeout: 12h', 'timout: 12h', 'Write `timeout` in place of `timout`, or remove it.'],
  ['timeout: 12h', 'timeout: soon', 'Write `timeout` as a duration such as 90s, 15m, 24h or 7d.'],
  ['severity: SEV1', 'severity: loud', 'Write `severity` as one of SEV1, SEV2, SEV3, SEV4.'],
  ['severity: SEV1\n', '', 'Add `severity`: one of SEV1, SEV2, SEV3, SEV4; of the incident that it opens.'],
])('what is wrong in a field is mended by its own rule: %s, %s', (from, to, remedy) => {
  expect(problemsOf(changed({ changes: [[from, to]] })).map((problem) => problem.remedy)).toContain(remedy);
});

test('every code that a loader can give has a case, but for those of hostile text and of inputs', () => {
  const elsewhere = ['input.playbook-file', 'input.playbook-yaml', 'input.playbook-input'];
  const given = new Set(refusals.flatMap(({ says }) => says.map(([code]) => code)));
  const missing = Object.keys(playbookFailures).filter(
    (code) =>
      code.includes('.playbook-') && !elsewhere.includes(code) && !given.has(code.replace(/^\w+\.playbook-/, '')),
  );
  expect(missing).toEqual([]);
});
