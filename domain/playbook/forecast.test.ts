import { describe, expect, test } from '@jest/globals';
import { loadPlaybook } from '../../language/load.ts';
import { CATALOGUE, COMMITTEE, SOUND } from '../../language/testkit/sound.ts';
import { differencesOf } from './difference.ts';
import { type ForecastStep, forecast } from './forecast.ts';
import type { Plan } from './plan.ts';
import type { PlanValue } from './value.ts';

function planOf(text: string): Plan {
  const loaded = loadPlaybook(new TextEncoder().encode(text), 'x.yaml', { catalogue: CATALOGUE, committee: COMMITTEE });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.plan;
}
const HEAD = SOUND.slice(0, SOUND.indexOf('triggers:'));
const DECLARED = `inputs:
  who: { type: validator, summary: x }
  all: { type: "list<validator>", summary: x, default: [1, 2] }
variables:
  n: { type: int, initial: 1 }
steps:
`;
const of = (steps: string, inputs: Record<string, PlanValue> = { who: 7 }): readonly ForecastStep[] =>
  forecast(planOf(HEAD + DECLARED + steps), inputs);
const say = (id: string, more = ''): string =>
  `  - { id: ${id}, summary: x, notify: { channels: [mail], message: "\${vars.n}" }${more} }\n`;
const brief = (steps: readonly ForecastStep[]) =>
  steps.map(({ step, provided, arguments: { message } }) =>
    [step, provided.join(' & '), message].filter((each) => each !== undefined),
  );
const LOOK = '  - { id: look, summary: x, probe: net.live }\n';

describe('the forecast', () => {
  test('leaves out what is certain not to happen, and only that', () => {
    expect(brief(of(say('a', ', when: inputs.who == 7') + say('b', ', when: inputs.who == 8')))).toEqual([
      ['a', '', '1'],
    ]);
    expect(brief(of(LOOK + say('a', ', when: steps.look.live > 9')))[1]).toEqual(['a', 'steps.look.live > 9', '1']);
  });

  test('knows a variable until something sets it that only the run knows', () => {
    const steps = `${say('a', ', set: { n: vars.n + 1 }')}${say('b')}  - { id: look, summary: x, probe: net.live, set: { n: result.live } }\n${say('c')}`;
    expect(brief(of(steps)).map(([, , message]) => message)).toEqual(['1', '2', undefined, { unknown: '${vars.n}' }]);
  });

  test('takes the one case of a switch that is certain, and lists all that are open under their conditions', () => {
    const cases = (one: string, other: string) =>
      `${LOOK}  - id: sw\n    summary: x\n    switch:\n      cases:\n        - { when: ${one}, steps: [${say('a').trim().slice(2)}] }\n        - { when: ${other}, steps: [${say('b').trim().slice(2)}] }\n      otherwise: [${say('c').trim().slice(2)}]\n`;
    expect(brief(of(cases('inputs.who == 8', 'inputs.who == 7'))).slice(2)).toEqual([['b', '', '1']]);
    expect(brief(of(cases('steps.look.live > 3', 'inputs.who == 7'))).slice(2)).toEqual([
      ['a', 'steps.look.live > 3', '1'],
      ['b', 'not (steps.look.live > 3)', '1'],
    ]);
    expect(brief(of(cases('inputs.who == 8', 'steps.look.live > 3'))).slice(2)).toEqual([
      ['b', 'steps.look.live > 3', '1'],
      ['c', 'not (steps.look.live > 3)', '1'],
    ]);
  });

  test('says of what stands behind a possible end that the end was not taken', () => {
    const steps = `${LOOK}  - { id: stop, summary: x, when: steps.look.live > 3, end: { outcome: enough } }\n${say('a')}`;
    expect(brief(of(steps)).at(-1)).toEqual(['a', 'not ended at stop', '1']);
  });

  test('lists the items of a known list, and does not trust a variable that the loop sets', () => {
    const loop = `  - id: each\n    summary: x\n    forEach:\n      in: inputs.all\n      as: one\n      atMost: 2\n      steps:\n        - { id: tell, summary: x, notify: { channels: [mail], message: "\${one} \${vars.n}" }, set: { n: vars.n + 1 } }\n`;
    expect(brief(of(loop + say('after')))).toEqual([
      ['each', ''],
      ['tell', 'one is 1', { unknown: '1 ${vars.n}' }],
      ['tell', 'one is 2', { unknown: '2 ${vars.n}' }],
      ['after', '', { unknown: '${vars.n}' }],
    ]);
  });

  test('does not count on what a step set whose failure is passed over', () => {
    const steps = say('a', ', onFailure: continue, set: { n: "5" }') + say('b');
    expect(brief(of(steps)).at(-1)).toEqual(['b', '', { unknown: '${vars.n}' }]);
  });

  test('is refused without a required input', () => {
    expect(() => of(say('a'), {})).toThrow(expect.objectContaining({ code: 'input.playbook-input' }));
  });

  test('of the same plan and inputs is the same', () => expect(of(LOOK + say('a'))).toEqual(of(LOOK + say('a'))));
});

describe('the difference of two plans', () => {
  const base = planOf(HEAD + DECLARED + say('a') + say('b'));
  const to = (steps: string) => differencesOf(base, planOf(HEAD + DECLARED + steps)).map(({ field }) => field);

  test('is empty for the same meaning', () => expect(to(`# a comment\n${say('a')}${say('b')}`)).toEqual([]));

  test('names a moved step once, by the order of its list', () => {
    expect(to(say('b') + say('a'))).toEqual(['steps in order']);
  });

  test('names an inserted step without calling its followers changed', () => {
    const fields = to(LOOK + say('a') + say('b'));
    expect(fields).toContain('steps in order');
    expect(fields.filter((field) => field !== 'steps in order').every((field) => field.startsWith('steps.look.'))).toBe(
      true,
    );
  });
});
