import type { Catalogue, CommitteeShape } from '../../domain/playbook/catalogue.ts';

/** A small playbook in which every check is content; tests change one line and look at what is said. */
export const SOUND = `playbook: 1
name: lost-share
title: A share may be lost
summary: Used by tests.
severity: SEV1
triggers:
  - labels: { alertname: ShareAccess, job: { matches: "custody-[0-9]+" } }
    severity: [critical]
    inputs: { suspect: int(alert.labels.validator) }
inputs:
  suspect: { type: validator, summary: Whose share }
  patience: { type: duration, summary: How long, default: 10m }
variables:
  live: { type: int, initial: 0 }
guards:
  - { id: alive, summary: Enough answer, probe: net.live, expect: result.live >= 10, every: 30s, onBreach: page }
steps:
  - id: look
    summary: See who answers
    probe: net.live
    expect: result.live >= 10
    set: { live: result.live }
  - id: freeze
    summary: Stop payouts
    action: net.freeze
    with: { reason: "share of \${inputs.suspect} may be out", lasts: 24h }
    timeout: 2m
    heartbeat: 20s
    retry: { attempts: 5, delay: 1s }
    effect: reversible
    compensate: { action: net.thaw, with: { number: "\${result.number}" } }
  - id: tell
    summary: Page while looking on
    parallel:
      join: all
      branches:
        page:
          - id: page
            summary: Page
            notify: { channels: [mail], message: "Frozen by \${steps.freeze.number}" }
        ask:
          - id: inspect
            summary: Look at the machine
            timeout: 1h
            task:
              role: operations
              instruction: Is validator \${inputs.suspect} yours to trust?
              form:
                verdict: { type: text, label: What is it?, options: [stolen, mistaken] }
  - id: decide
    summary: Theft or mistake
    switch:
      cases:
        - when: steps.inspect.verdict == "mistaken"
          steps:
            - id: stop
              summary: Nothing was stolen
              end: { outcome: mistaken }
      otherwise:
        - id: each
          summary: Tell every validator
          forEach:
            in: '[1, 2, 3]'
            as: who
            atMost: 3
            steps:
              - id: tellOne
                summary: Tell one
                notify: { channels: [mail], message: "To \${who}" }
  - id: consent
    summary: The committee decides
    timeout: 12h
    approval:
      class: change
      covers: [key, sweep]
      question: Rotate without \${inputs.suspect}?
      escalate: { after: 1h, channels: [mail] }
  - id: key
    summary: Make a key
    workflow: newKey
    with: { epoch: 2 }
    timeout: 2h
    effect: irreversible
  - id: sweep
    summary: Move the coins
    workflow: sweep
    with: { certificate: "\${steps.key.certificate}" }
    timeout: 1d
    effect: irreversible
  - id: settle
    summary: Until nothing is left
    repeat:
      times: 10
      every: 1m
      until: steps.rest.vaults == 0
      steps:
        - id: rest
          summary: Count
          probe: vaults.left
          expect: result.vaults >= 0
`;

const act = (effect: 'none' | 'reversible' | 'irreversible', idempotent = true) => ({
  summary: 'x',
  effect,
  idempotent,
});
const taking = <Type extends string>(types: Readonly<Record<string, Type>>) =>
  Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type, optional: false }]));

export const CATALOGUE: Catalogue = {
  channels: ['mail', 'pager'],
  actions: {
    'net.freeze': {
      ...act('reversible'),
      arguments: taking({ reason: 'text', lasts: 'duration' } as const),
      results: { number: 'int' },
    },
    'net.thaw': { ...act('none'), arguments: taking({ number: 'int' } as const), results: {} },
    'net.burn': { ...act('irreversible', false), arguments: {}, results: {} },
  },
  workflows: {
    newKey: {
      ...act('irreversible'),
      arguments: taking({ epoch: 'int' } as const),
      results: { certificate: 'digest' },
    },
    sweep: { ...act('irreversible'), arguments: taking({ certificate: 'digest' } as const), results: {} },
  },
  probes: {
    'net.live': { ...act('none'), arguments: {}, results: { live: 'int' } },
    'vaults.left': { ...act('none'), arguments: {}, results: { vaults: 'int' } },
  },
  playbooks: {
    'other-one': { digest: '0'.repeat(64) as never, effect: 'none', inputs: taking({ who: 'validator' } as const) },
  },
};

export const COMMITTEE: CommitteeShape = { epoch: 1, members: 10, thresholds: { freeze: 3, lift: 7, change: 7 } };
