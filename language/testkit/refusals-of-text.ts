import { type RefusalCase, refusal } from './refusal.ts';

const PAGE = 'notify: { channels: [mail], message: "Frozen by ${steps.freeze.number}" }';
const MISTAKEN = 'steps.inspect.verdict == "mistaken"';
const CASE = 'steps[3].switch.cases[0].when';
const EACH = 'steps[3].switch.otherwise[0].forEach';
const INSPECT = '            summary: Look at the machine\n';

/** What is written wrongly: fields, names, expressions, and steps that cannot be reached. */
export const refusalsOfText: readonly RefusalCase[] = [
  refusal(
    'a field that does not exist',
    [['- id: look\n', '- id: look\n    colour: red\n']],
    [['schema', 'steps[0].colour', '‸colour: red']],
    /^`colour` is not a field here; known: id, summary, when, timeout/,
  ),
  refusal(
    'a field that is mistyped',
    [['heartbeat: 20s', 'hartbeat: 20s']],
    [['schema', 'steps[1].hartbeat', '‸hartbeat: 20s']],
    /: did you mean `heartbeat`\?$/,
  ),
  refusal(
    'a field that is mistyped inside of another',
    [['options: [stolen', 'optoins: [stolen']],
    [['schema', 'steps[2].parallel.branches.ask[0].task.form.verdict.optoins', '‸optoins: [stolen']],
    /: did you mean `options`\?$/,
  ),
  refusal(
    'a field that is missing',
    [['    timeout: 2m\n', '']],
    [['schema', 'steps[1].timeout', '- ‸id: freeze']],
    /is missing/,
  ),
  refusal(
    'a step that is none',
    [['    probe: net.live\n', '    prob: net.live\n']],
    [['schema', 'steps[0]', '- ‸id: look']],
    /none of action, workflow.*; did you mean `probe` by `prob`\?$/,
  ),
  refusal(
    'a step that is two',
    [['workflow: newKey\n', 'workflow: newKey\n    action: net.burn\n']],
    [['schema', 'steps[5].workflow', '‸workflow: newKey']],
    /action and workflow/,
  ),
  refusal(
    'a duration that is none',
    [['timeout: 2m', 'timeout: 2 minutes']],
    [['schema', 'steps[1].timeout', '‸timeout: 2 minutes']],
  ),
  refusal(
    'a duration above ninety days',
    [['timeout: 2m', 'timeout: 91d']],
    [['schema', 'steps[1].timeout', '‸timeout: 91d']],
    /longer than 90d/,
  ),
  refusal(
    'a time from an expression',
    [['every: 1m', 'every: "${inputs.patience / 2}"']],
    [['schema', 'steps[7].repeat.every', '‸every: "${']],
    /or an input/,
  ),
  refusal(
    'a time from an input that nobody declared',
    [['every: 1m', 'every: "${inputs.patiense}"']],
    [['unresolved', 'steps[7].repeat', '‸repeat:\n']],
    /no input is called `patiense`/,
  ),
  refusal(
    'a time from an input that says none',
    [['every: 1m', 'every: "${inputs.suspect}"']],
    [['argument', 'steps[7].repeat', '‸repeat:\n']],
    /is validator, expected duration/,
  ),
  refusal(
    'a hold whose usual time is longer than its step may take',
    [
      [
        'expect: result.live >= 10\n    set',
        'expect: result.live >= 10\n    hold: { for: "${inputs.patience}", every: 30s }\n    set',
      ],
    ],
    [['structure', 'steps[0].hold', '‸hold: {']],
    /longer than the timeout/,
  ),
  refusal(
    'a step id that is used twice',
    [['  - id: settle', '  - id: freeze']],
    [['name', 'steps[7].id', '- ‸id: freeze\n    summary: Until']],
  ),
  refusal('a name that expressions keep for themselves', [['patience: {', 'in: {']], [['name', 'inputs.in', '‸in: {']]),
  refusal(
    'an expression that does not parse',
    [['live: result.live }', 'live: result.live + }']],
    [['expression', 'steps[0].set.live', '{ live: result.live +‸ }']],
  ),
  refusal(
    'an expression of the wrong type',
    [['live: result.live }', 'live: "result.live > 1" }']],
    [['expression', 'steps[0].set.live', '{ live: "‸result.live > 1"']],
    /is bool, expected int/,
  ),
  refusal(
    '`matches`, which can run for ever',
    [[MISTAKEN, 'steps.inspect.verdict.matches("a")']],
    [['expression', CASE, '‸steps.inspect.verdict.matches']],
    /write `re\(/,
  ),
  refusal(
    'three loops inside each other',
    [["'[1, 2, 3]'", "'[1].filter(a, [1].all(b, [1].all(c, a == b && b == c)))'"]],
    [['expression', `${EACH}.in`, '[1].all(b, ‸[1].all(c']],
    /more than 2 loops/,
  ),
  refusal(
    'joined lists, whose loops have no bound',
    [["'[1, 2, 3]'", "'[1] + [2]'"]],
    [['expression', `${EACH}.in`, "'‸[1] + [2]'"]],
    /cannot be joined/,
  ),
  refusal(
    'a fraction',
    [['result.live >= 10\n', 'double(result.live) >= 10.5\n']],
    [['expression', 'steps[0].expect', 'expect: ‸double(']],
  ),
  refusal(
    'an expression without an end',
    [['"To ${who}"', '"To ${who"']],
    [['expression', `${EACH}.steps[0].notify.message`, '‸message: "To ${who"']],
  ),
  refusal(
    'an input that nobody declared',
    [['${inputs.suspect} may', '${inputs.suspekt} may']],
    [['unresolved', 'steps[1].with.reason', '${‸inputs.suspekt}']],
    /known in `inputs`: patience, suspect/,
  ),
  refusal(
    'a variable that nobody declared',
    [['set: { live: result', 'set: { lives: result']],
    [['unresolved', 'steps[0].set.lives', '{ ‸lives: result']],
  ),
  refusal(
    'a variable without a value on this path',
    [
      ['{ type: int, initial: 0 }', '{ type: int }'],
      ['- id: look\n', '- id: look\n    when: vars.live > 1\n'],
    ],
    [['unresolved', 'steps[0].when', '‸vars.live > 1']],
  ),
  refusal(
    'a result of a step that comes later',
    [['Rotate without ${inputs.suspect}', 'Rotate without ${steps.key.certificate}']],
    [['unresolved', 'steps[4].approval.question', 'Rotate without ${‸steps.key']],
  ),
  refusal(
    'a result of a step that may be skipped',
    [['- id: freeze\n', '- id: freeze\n    when: vars.live > 5\n']],
    [['unresolved', 'steps[2].parallel.branches.page[0].notify.message', 'Frozen by ${‸steps.freeze']],
  ),
  refusal(
    'a result of a step whose failure is passed over',
    [['- id: freeze\n', '- id: freeze\n    onFailure: continue\n']],
    [['unresolved', 'steps[2].parallel.branches.page[0].notify.message', 'Frozen by ${‸steps.freeze']],
  ),
  refusal(
    'a result of a branch that need not have finished',
    [['join: all', 'join: any']],
    [['unresolved', CASE, '‸steps.inspect.verdict == "mistaken"']],
  ),
  refusal(
    'a step behind an end',
    [['- id: tell\n', '- id: over\n    summary: x\n    end: { outcome: over }\n  - id: tell\n']],
    [['unreachable', 'steps[3]', '- ‸id: tell\n']],
    /no path leads to step `tell`/,
  ),
  refusal(
    'a step behind alternatives that all end',
    [['        - id: each\n', '        - { id: no, summary: x, end: { outcome: theft } }\n        - id: each\n']],
    [
      ['unreachable', 'steps[3].switch.otherwise[1]', '- ‸id: each'],
      ['unreachable', 'steps[4]', '- ‸id: consent'],
    ],
  ),
  refusal('a condition that is never true', [[MISTAKEN, '1 > 2']], [['unreachable', CASE, '‸1 > 2']], /always false/),
  refusal(
    'a loop that only its bound can end',
    [['until: steps.rest.vaults == 0', 'until: "false"']],
    [['unreachable', 'steps[7].repeat.until', 'until: "‸false"']],
  ),
  refusal(
    'branches that set the same variable',
    [
      [PAGE, `${PAGE}\n            set: { live: "1" }`],
      [INSPECT, `${INSPECT}            set: { live: "2" }\n`],
    ],
    [['write-conflict', 'steps[2].parallel.branches.page', '‸page:\n']],
    /`live` is set in page and also set in ask/,
  ),
  refusal(
    'a branch that reads what another sets',
    [
      ['Frozen by ${steps.freeze.number}', '${vars.live}'],
      [INSPECT, `${INSPECT}            set: { live: "2" }\n`],
    ],
    [['write-conflict', 'steps[2].parallel.branches.ask', '        ‸ask:\n']],
    /set in ask and read in page/,
  ),
  refusal(
    'a branch that reads what another sets, with a comment in the name',
    [
      ['Frozen by ${steps.freeze.number}', '${vars // said\\n .live}'],
      [INSPECT, `${INSPECT}            set: { live: "2" }\n`],
    ],
    [['write-conflict', 'steps[2].parallel.branches.ask', '        ‸ask:\n']],
  ),
  refusal(
    'rounds at the same time that set one variable',
    [
      ['atMost: 3\n', 'atMost: 3\n            concurrency: 3\n'],
      ['message: "To ${who}" }', 'message: "To ${who}" }\n                set: { live: "1" }'],
    ],
    [['write-conflict', `${EACH}.steps`, '‸steps:\n              - id: tellOne']],
  ),
];
