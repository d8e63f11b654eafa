import { type RefusalCase, refusal } from './refusal.ts';

const COMPENSATE = 'compensate: { action: net.thaw, with: { number: "${result.number}" } }';
const SWEEP =
  '    workflow: sweep\n    with: { certificate: "${steps.key.certificate}" }\n    timeout: 1d\n    effect: irreversible';
const PAGE = 'notify: { channels: [mail], message: "Frozen by ${steps.freeze.number}" }';
const MISTAKEN = 'steps.inspect.verdict == "mistaken"';
const CASE = 'steps[3].switch.cases[0].when';
const EACH = 'steps[3].switch.otherwise[0].forEach';

/** What would do something else than its author thinks: capabilities, effects, loops, approvals. */
export const refusalsOfEffects: readonly RefusalCase[] = [
  refusal(
    'an action that nobody offers',
    [['action: net.freeze', 'action: net.frieze']],
    [['capability', 'steps[1].action', '‸action: net.frieze']],
    /there are: net.burn, net.freeze, net.thaw/,
  ),
  refusal(
    'a process that nobody offers',
    [['workflow: sweep', 'workflow: swipe']],
    [['capability', 'steps[6].workflow', '‸workflow: swipe']],
  ),
  refusal(
    'a probe whose name every object has',
    [['probe: vaults.left', 'probe: constructor']],
    [['capability', 'steps[7].repeat.steps[0].probe', '‸probe: constructor']],
  ),
  refusal(
    'a channel that nobody offers',
    [['escalate: { after: 1h, channels: [mail] }', 'escalate: { after: 1h, channels: [pigeon] }']],
    [['capability', 'steps[4].approval.escalate.channels[0]', '[‸pigeon]']],
  ),
  refusal(
    'a playbook that nobody offers',
    [[SWEEP, '    playbook: nothing\n    timeout: 1d']],
    [['capability', 'steps[6].playbook', '‸playbook: nothing']],
  ),
  refusal(
    'a playbook that runs itself',
    [[SWEEP, '    playbook: lost-share\n    timeout: 1d']],
    [['unbounded', 'steps[6].playbook', '‸playbook: lost-share']],
    /cannot run itself/,
  ),
  refusal(
    'an argument that a sub-playbook needs',
    [[SWEEP, '    playbook: other-one\n    timeout: 1d']],
    [['argument', 'steps[6].with', '- ‸id: sweep']],
    /`who` is missing/,
  ),
  refusal(
    'an argument that is missing',
    [[', lasts: 24h', '']],
    [['argument', 'steps[1].with', '‸with: { reason']],
    /`lasts` is missing; net.freeze takes reason: text, lasts: duration/,
  ),
  refusal(
    'an argument that is unknown',
    [['lasts: 24h', 'lasts: 24h, colour: red']],
    [['argument', 'steps[1].with.colour', '‸colour: red']],
  ),
  refusal(
    'an argument of another type',
    [['epoch: 2', 'epoch: two']],
    [['argument', 'steps[5].with.epoch', '‸epoch: two']],
    /is not a whole number/,
  ),
  refusal(
    'an initial value of another type',
    [['initial: 0', 'initial: none']],
    [['argument', 'variables.live.initial', '‸initial: none']],
  ),
  refusal(
    'a trigger that leaves a required input open',
    [['    inputs: { suspect: int(alert.labels.validator) }\n', '']],
    [['argument', 'triggers[0]', '- ‸labels']],
  ),
  refusal(
    'an effect that is played down',
    [[`effect: reversible\n    ${COMPENSATE}`, 'effect: none']],
    [['effect', 'steps[1].effect', '‸effect: none']],
    /is none, but net.freeze is reversible/,
  ),
  refusal(
    'a reversible step that nothing undoes',
    [[`    ${COMPENSATE}\n`, '']],
    [['effect', 'steps[1]', '- ‸id: freeze']],
  ),
  refusal(
    'an undoing that cannot be undone',
    [[COMPENSATE, 'compensate: { action: net.burn }']],
    [['effect', 'steps[1].compensate.action', '{ ‸action: net.burn']],
  ),
  refusal(
    'an undoing of what cannot be undone',
    [['    timeout: 2h\n', '    timeout: 2h\n    compensate: { action: net.burn }\n']],
    [
      ['effect', 'steps[5].compensate', '‸compensate: { action: net.burn'],
      ['effect', 'steps[5].compensate.action', '{ ‸action: net.burn'],
    ],
  ),
  refusal(
    'a second try of what cannot be undone',
    [[SWEEP, '    action: net.burn\n    retry: { attempts: 2 }\n    timeout: 1d\n    effect: irreversible']],
    [['effect', 'steps[6].retry', '‸retry: { attempts: 2']],
  ),
  refusal(
    'a loop without a bound',
    [['      times: 10\n', '']],
    [['unbounded', 'steps[7].repeat.times', '‸repeat:\n']],
    /the loop has no `times`/,
  ),
  refusal(
    'a list without a bound',
    [['            atMost: 3\n', '']],
    [['unbounded', `${EACH}.atMost`, '‸forEach:\n']],
  ),
  refusal(
    'loops inside each other that run too often',
    [
      [
        '          probe: vaults.left\n          expect: result.vaults >= 0\n',
        '          repeat:\n            times: 1000\n            until: vars.live > 1\n            steps: [{ id: in, summary: x, wait: { for: 1s } }]\n',
      ],
      ['until: steps.rest.vaults == 0', 'until: vars.live == 0'],
      ['times: 10\n', 'times: 11\n'],
      ['id: in,', 'id: inner,'],
    ],
    [['unbounded', 'steps[7].repeat.steps[0].repeat.steps[0]', '[‸{ id: inner']],
    /11000 times/,
  ),
  refusal(
    'a pattern that a backtracking reader cannot finish',
    [['"custody-[0-9]+"', '"(a+)+"']],
    [['pattern', 'triggers[0].labels.job.matches', '‸matches: "(a+)+"']],
  ),
  refusal(
    'a pattern that RE2 cannot run',
    [['options: [stolen, mistaken]', 'pattern: "(a)\\\\1"']],
    [['pattern', 'steps[2].parallel.branches.ask[0].task.form.verdict.pattern', '‸pattern: "(a)']],
  ),
  refusal(
    'a pattern in an expression that is not a fixed text',
    [[MISTAKEN, 're(steps.inspect.verdict, alert.name)']],
    [['pattern', CASE, '‸re(steps']],
  ),
  refusal(
    'a heartbeat longer than the step',
    [['heartbeat: 20s', 'heartbeat: 3m']],
    [['structure', 'steps[1].heartbeat', '‸heartbeat: 3m']],
  ),
  refusal(
    'a wait longer than the step',
    [
      [
        '    probe: net.live\n    expect: result.live >= 10\n    set: { live: result.live }',
        '    timeout: 1m\n    wait: { for: 2m }',
      ],
    ],
    [['structure', 'steps[0].wait', '‸wait: { for: 2m']],
  ),
  refusal(
    'an escalation after the end',
    [['after: 1h', 'after: 13h']],
    [['structure', 'steps[4].approval.escalate.after', '‸after: 13h']],
  ),
  refusal(
    'more branches wanted than there are',
    [
      ['join: all', 'join: { atLeast: 3 }'],
      [MISTAKEN, 'vars.live == 3'],
    ],
    [['structure', 'steps[2].parallel.join', '‸join: {']],
  ),
  refusal(
    'an end beside other branches',
    [[PAGE, 'end: { outcome: half }']],
    [['structure', 'steps[2].parallel.branches.page[0].end', '‸end: { outcome: half']],
  ),
  refusal(
    'an approval of a step that does not exist',
    [['[key, sweep]', '[key, sweep, swoop]']],
    [['structure', 'steps[4].approval.covers[2]', 'sweep, ‸swoop']],
  ),
  refusal(
    'an approval that covers a step twice',
    [['[key, sweep]', '[key, sweep, key]']],
    [['structure', 'steps[4].approval.covers[2]', 'sweep, ‸key]']],
  ),
  refusal(
    'an approval that waits for longer than a vote may live',
    [['timeout: 12h', 'timeout: 8d']],
    [['structure', 'steps[4].timeout', '‸timeout: 8d']],
  ),
  refusal(
    'an approval of a step that came before',
    [['[key, sweep]', '[key, sweep, freeze]']],
    [['structure', 'steps[4].approval.covers[2]', 'sweep, ‸freeze']],
    /does not come before it/,
  ),
  refusal(
    'an irreversible step that no approval covers',
    [['[key, sweep]', '[key]']],
    [['approval', 'steps[6]', '- ‸id: sweep']],
    /`consent` before it does not cover it/,
  ),
  refusal(
    'an irreversible step before its approval',
    [
      [
        '    probe: net.live\n    expect: result.live >= 10\n    set: { live: result.live }',
        '    action: net.burn\n    timeout: 1m\n    effect: irreversible',
      ],
    ],
    [['approval', 'steps[0]', '- ‸id: look']],
    /no approval comes before it/,
  ),
  refusal(
    'an irreversible step in a loop whose approval stands outside',
    [
      [
        '          probe: vaults.left\n          expect: result.vaults >= 0\n',
        '          action: net.burn\n          timeout: 1m\n          effect: irreversible\n',
      ],
      ['until: steps.rest.vaults == 0', 'until: vars.live == 0'],
      ['[key, sweep]', '[key, sweep, rest]'],
    ],
    [
      ['structure', 'steps[4].approval.covers[2]', 'sweep, ‸rest'],
      ['approval', 'steps[7].repeat.steps[0]', '- ‸id: rest'],
    ],
  ),
  refusal(
    'an approval that may be skipped',
    [['- id: consent\n', '- id: consent\n    when: vars.live > 5\n']],
    [
      ['structure', 'steps[4].approval.covers[0]', '[‸key, sweep]'],
      ['structure', 'steps[4].approval.covers[1]', '[key, ‸sweep]'],
      ['approval', 'steps[5]', '- ‸id: key'],
      ['approval', 'steps[6]', '- ‸id: sweep'],
    ],
  ),
  refusal(
    'an argument that is made between the vote and the step',
    [['[key, sweep]', '[sweep, key]']],
    [['approval', 'steps[6].with', '‸with: { certificate']],
    /not fixed when `consent` is signed/,
  ),
  refusal(
    'an argument that is made of a covered result',
    [['"${steps.key.certificate}"', '"${steps.key.certificate.lowerAscii()}"']],
    [['approval', 'steps[6].with', '‸with: { certificate']],
    /only as an argument of its own/,
  ),
  refusal(
    'a variable in an argument that is set after the vote',
    [
      ['epoch: 2 }', 'epoch: "${vars.live}" }\n    when: vars.live < 20\n    onFailure: fail'],
      [
        '- id: key\n',
        '- id: again\n    summary: x\n    probe: net.live\n    expect: result.live > 1\n    set: { live: result.live }\n  - id: key\n',
      ],
      ['"${steps.key.certificate}"', '"${inputs.certificate}"'],
      [
        '  patience: {',
        '  certificate: { type: digest, summary: x, default: "' + '0'.repeat(64) + '" }\n  patience: {',
      ],
    ],
    [['approval', 'steps[6].with', '‸with: { epoch']],
    /`vars.live` is not fixed/,
  ),
  refusal(
    'a class of decision that there is not',
    [['class: change', 'class: magic']],
    [['schema', 'steps[4].approval.class', '‸class: magic']],
    /expected one of "freeze"\|"lift"\|"change"/,
  ),
  refusal(
    'a quorum below the threshold',
    [['class: change\n', 'class: change\n      quorum: 3\n']],
    [['quorum', 'steps[4].approval.quorum', '‸quorum: 3']],
    /the threshold of change is 7/,
  ),
  refusal(
    'a quorum above the number of members',
    [['class: change\n', 'class: change\n      quorum: 11\n']],
    [['quorum', 'steps[4].approval.quorum', '‸quorum: 11']],
    /has 10 members/,
  ),
];
