import { describe, expect, test } from '@jest/globals';
import type { Reading } from './measure.ts';
import { verdictOf } from './measure.ts';
import { exitCodeOf, type Outcome, outcomeOf } from './outcome.ts';
import { amount, markdownTable, textTable } from './table.ts';

const reading: Reading = {
  title: 'whole signing ceremony',
  unit: 'ms',
  result: 600,
  floor: 400,
  ratio: 1.5,
  target: { of: 'ratio', max: 1.5 },
  detail: '5 payouts',
};
const measured = (...readings: Reading[]): Outcome => ({
  name: 'ceremonies',
  about: 'what is compared',
  loadBefore: 0.5,
  measured: true,
  seconds: 1,
  readings,
});
const failed: Outcome = { name: 'takeover', about: '', loadBefore: 0, measured: false, reason: 'no worker' };

describe('a verdict', () => {
  test('is met at the limit and missed just above it', () => {
    expect(verdictOf(reading)).toBe('met');
    expect(verdictOf({ ...reading, ratio: 1.500001 })).toBe('missed');
  });

  test('looks at the result itself where the target is one of the result', () => {
    const takeover: Reading = {
      title: 'takeover',
      unit: 's',
      result: 3.1,
      target: { of: 'result', max: 3 },
      detail: '',
    };
    expect(verdictOf(takeover)).toBe('missed');
    expect(verdictOf({ ...takeover, result: 3 })).toBe('met');
  });

  test('of what has to be reached is met at the limit and missed below it', () => {
    const alerts: Reading = {
      ...reading,
      unit: '/s',
      result: 70,
      floor: 100,
      ratio: 0.7,
      target: { of: 'ratio', min: 0.7 },
    };
    expect(verdictOf(alerts)).toBe('met');
    expect(verdictOf({ ...alerts, ratio: 0.69 })).toBe('missed');
    expect(textTable([measured(alerts)]).at(-1)).toContain('≥ 0.7 ×');
  });

  test('is none without a target, and a mistake without the ratio that the target is for', () => {
    const { target: _target, ...aimless } = reading;
    expect(verdictOf(aimless)).toBe('no target');
    const { ratio: _ratio, ...without } = reading;
    expect(() => verdictOf(without)).toThrow('no ratio');
  });
});

describe('the table', () => {
  test('stands in columns and shows what is missed', () => {
    const slow: Reading = { ...reading, title: 'key generation', result: 4_321.9, floor: 1_000, ratio: 4.3219 };
    expect(textTable([measured(reading, slow)])).toEqual([
      'measure                  result    floor   ratio   target  verdict',
      'whole signing ceremony   600 ms   400 ms  1.50 ×  ≤ 1.5 ×      met',
      'key generation          4322 ms  1000 ms  4.32 ×  ≤ 1.5 ×   missed',
    ]);
  });

  test('has a row for a measure that could not be taken', () => {
    expect(textTable([failed]).at(-1)).toMatch(/^takeover .* not measured$/);
    expect(markdownTable([failed]).at(-1)).toBe('| takeover | – | – | – | – | not measured |');
  });

  test('is Markdown that a title with a bar does not break', () => {
    const [heading, rule, row] = markdownTable([measured({ ...reading, title: 'a|b' })]);
    expect(heading?.split('|').length).toBe(rule?.split('|').length);
    expect(row).toBe('| a\\|b | 600 ms | 400 ms | 1.50 × | ≤ 1.5 × | met |');
  });

  test('gives three digits and no more', () => {
    expect([0.1234, 1.234, 12.34, 123.4, 99.96].map((value) => amount(value, 's'))).toEqual([
      '0.12 s',
      '1.23 s',
      '12.3 s',
      '123 s',
      '100.0 s',
    ]);
  });
});

describe('an outcome', () => {
  const setting = (signal: AbortSignal) => ({
    runs: undefined,
    say: () => undefined,
    signal,
    network: () => Promise.reject(new Error('nobody asked for a network')),
  });
  const never = new AbortController().signal;
  const measure = (run: () => Promise<readonly Reading[]>) => ({ name: 'scanner', about: 'blocks', run });

  test('carries the readings, and the load that the machine had before', async () => {
    const outcome = await outcomeOf(
      measure(async () => [reading]),
      setting(never),
      () => 1.25,
    );
    expect(outcome).toMatchObject({ name: 'scanner', loadBefore: 1.25, measured: true, readings: [reading] });
    expect(exitCodeOf([outcome])).toBe(0);
  });

  test('of a missed target is still measured', () => {
    expect(exitCodeOf([measured({ ...reading, ratio: 9 })])).toBe(0);
  });

  test('of a measure that throws or reads nothing is "not measured", and the exit code says so', async () => {
    const thrown = await outcomeOf(
      measure(() => Promise.reject(new Error('no server'))),
      setting(never),
      () => 0,
    );
    expect(thrown).toMatchObject({ measured: false, reason: 'no server' });
    const empty = await outcomeOf(
      measure(async () => []),
      setting(never),
      () => 0,
    );
    expect(empty).toMatchObject({ measured: false, reason: 'it gave no reading' });
    expect(exitCodeOf([measured(reading), thrown])).toBe(1);
  });

  test('keeps the first line of a reason and says the rest to whoever watches', async () => {
    const said: string[] = [];
    const outcome = await outcomeOf(
      measure(() => Promise.reject(new Error('not ready\n  the log ends:\n    boom'))),
      { ...setting(never), say: (line) => said.push(line) },
      () => 0,
    );
    expect(outcome).toMatchObject({ measured: false, reason: 'not ready' });
    expect(said).toEqual(['  the log ends:', '    boom']);
  });

  test('after Ctrl-C is "stopped", without beginning', async () => {
    let begun = false;
    const stopped = await outcomeOf(
      measure(async () => {
        begun = true;
        return [reading];
      }),
      setting(AbortSignal.abort()),
      () => 0,
    );
    expect(stopped).toMatchObject({ measured: false, reason: 'stopped' });
    expect(begun).toBe(false);
  });
});
