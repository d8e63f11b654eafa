import { expect, test } from '@jest/globals';
import {
  type CertifiedOutput,
  coveredDigest,
  type CoveredStep,
  type CoverRefusal,
  judgeCovers,
  type OutputRefusal,
  settleArguments,
} from './covered.ts';
import { judgeRequest, type RequestRefusal, type VoteRequest } from './request.ts';
import { authorityOf, covers, digestNamed, genesis, NOW, subjectFor } from './testkit/voting.ts';

const authority = authorityOf(genesis, []);
const subject = subjectFor(authority);
const made: CertifiedOutput = {
  environment: genesis.environment,
  network: genesis.name,
  run: subject.run,
  step: 'new-key',
  outputs: { keyset: 'ab'.repeat(16) },
};
const settle = (output?: Partial<CertifiedOutput>, step = 'sweep', steps: readonly CoveredStep[] = covers) =>
  settleArguments(
    subject,
    steps,
    step,
    output === undefined ? new Map() : new Map([['new-key', { ...made, ...output }]]),
  );

test('a covered step gets the values that were voted on, and the certified output of the step that was named', () => {
  expect(settle({}, 'new-key')).toEqual({ ok: true, value: { participants: [1, 2, 4], smallest: 10 } });
  expect(settle({})).toEqual({ ok: true, value: { toKey: 'ab'.repeat(16) } });
});

const outputs: readonly (readonly [string, OutputRefusal, () => ReturnType<typeof settle>])[] = [
  ['a step that nobody voted on', 'policy.step-not-covered', () => settle({}, 'lift')],
  ['an output that does not exist yet', 'not-yet.output', () => settle()],
  ['the key of another run', 'policy.output-run', () => settle({ run: 'incident/laptop/6' })],
  ['the key of another step of the run', 'policy.output-step', () => settle({ step: 'spare-key' })],
  ['a key that was made in a drill', 'policy.output-environment', () => settle({ environment: 'drill' })],
  ['a key of another network', 'policy.output-environment', () => settle({ network: 'mainland' })],
  ['an output under another name', 'policy.output-name', () => settle({ outputs: { key: 'ab' } })],
  [
    'a name that every object has',
    'policy.output-name',
    () =>
      settle({}, 'sweep', [
        covers[0] as CoveredStep,
        {
          step: 'sweep',
          kind: 'action',
          name: 'sweepVaults',
          arguments: { toKey: { output: { step: 'new-key', name: 'constructor' } } },
        },
      ]),
  ],
];
test.each(outputs)('refused as the argument of a covered step: %s', (_name, code, act) => {
  expect(act()).toMatchObject({ ok: false, refusal: { code } });
});

const step = (name: string, from?: string): CoveredStep => ({
  step: name,
  kind: 'action',
  name: 'act',
  arguments: from === undefined ? {} : { given: { output: { step: from, name: 'made' } } },
});
const lists: readonly (readonly [string, CoverRefusal, readonly CoveredStep[]])[] = [
  ['one step twice', 'policy.covered-repeated', [step('a'), step('a')]],
  ['a step that takes its own output', 'policy.covered-reference', [step('a', 'a')]],
  ['a step that takes the output of a later one', 'policy.covered-reference', [step('a', 'b'), step('b')]],
  ['a step that takes the output of a step outside the approval', 'policy.covered-reference', [step('a', 'z')]],
];
test.each(lists)('refused as a list of covered steps: %s', (_name, code, steps) => {
  expect(judgeCovers(steps)).toMatchObject({ ok: false, refusal: { code } });
});

test('every change of a step, an action, an argument or their order is another digest', () => {
  const [first, second] = covers as readonly [CoveredStep, CoveredStep];
  const variants: readonly (readonly CoveredStep[])[] = [
    covers,
    [second, first],
    [first],
    [{ ...first, name: 'destroyKey' }, second],
    [{ ...first, kind: 'action' }, second],
    [{ ...first, step: 'other' }, second],
    [{ ...first, arguments: { ...first.arguments, smallest: { value: 1 } } }, second],
    [{ ...first, arguments: { ...first.arguments, smallest: { value: '10' } } }, second],
    [{ ...first, arguments: { participants: { value: [2, 1, 4] }, smallest: { value: 10 } } }, second],
    [first, { ...second, arguments: { toKey: { value: 'ab'.repeat(16) } } }],
    // A text that looks like a reference is a text.
    [first, { ...second, arguments: { toKey: { value: '{"output":{"step":"new-key","name":"keyset"}}' } } }],
    [first, { ...second, arguments: { toKey: { output: { step: 'new-key', name: 'groupKey' } } } }],
  ];
  expect(new Set(variants.map(coveredDigest)).size).toBe(variants.length);
});

const request: VoteRequest = { version: 1, subject, covers };
const requests: readonly (readonly [string, RequestRefusal, VoteRequest])[] = [
  [
    'harmless steps shown over the digest of others',
    'policy.request-arguments',
    { ...request, covers: covers.slice(0, 1) },
  ],
  [
    'the digest of other steps under the ones shown',
    'policy.request-arguments',
    { ...request, subject: { ...subject, arguments: digestNamed('other') } },
  ],
  ['a request of a drill', 'policy.vote-environment', { ...request, subject: { ...subject, environment: 'drill' } }],
  ['a request of another committee', 'policy.vote-epoch', { ...request, subject: { ...subject, committeeEpoch: 2 } }],
  [
    'a request that would count for a year',
    'policy.vote-lifetime',
    { ...request, subject: { ...subject, expiresAtSeconds: NOW + 365 * 86_400 } },
  ],
  ['a request that is over', 'policy.vote-expired', { ...request, subject: { ...subject, expiresAtSeconds: NOW } }],
];
test.each(requests)('not fit to sign: %s', (_name, code, given) => {
  expect(judgeRequest(given, authority, NOW)).toMatchObject({ ok: false, refusal: { code } });
});

test('a request whose steps have the digest that it asks for is fit to sign', () => {
  expect(judgeRequest(request, authority, NOW)).toEqual({ ok: true, value: subject });
});
