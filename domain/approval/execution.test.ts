import { expect, test } from '@jest/globals';
import { principal } from '../committee/testkit/keys.ts';
import type { CertifiedOutput } from './covered.ts';
import { type Execution, judgeExecution, judgeVotes, type Proof } from './execution.ts';
import { authorityOf, ballotBy, certificateOf, covers, genesis, NOW, seats, subjectFor } from './testkit/voting.ts';

const authority = authorityOf(genesis, []);
const subject = subjectFor(authority);
const proof: Proof = {
  certificate: certificateOf(
    subject,
    seats(7).map((seat) => ballotBy(principal(seat), subject)),
  ),
  covers,
};
const [first, second] = covers;
const doing: Execution = {
  playbook: subject.playbook,
  run: subject.run,
  step: subject.step,
  class: 'change',
  covered: {
    step: 'new-key',
    kind: 'workflow',
    name: 'generateKey',
    arguments: { participants: [1, 2, 4], smallest: 10 },
  },
};
const judge = (given: Proof, execution: Execution, certified: ReadonlyMap<string, CertifiedOutput> = new Map()) => {
  const verdict = judgeExecution(given, execution, certified, authority, NOW);
  return verdict.ok ? 'done' : verdict.refusal.code;
};

test('the step happens with exactly what was voted on', () => {
  expect(judge(proof, doing)).toBe('done');
});

test.each<[string, Execution['covered']]>([
  ['policy.step-not-covered', { ...doing.covered, step: 'elsewhere' }],
  ['policy.step-not-covered', { ...doing.covered, name: 'destroyKey' }],
  ['policy.step-not-covered', { ...doing.covered, kind: 'action' }],
  ['policy.vote-arguments', { ...doing.covered, arguments: { participants: [1, 2, 3], smallest: 10 } }],
  ['policy.vote-arguments', { ...doing.covered, arguments: { participants: [1, 2, 4] } }],
  ['policy.vote-arguments', { ...doing.covered, arguments: { ...doing.covered.arguments, more: 1 } }],
])('%s: %j', (code, covered) => {
  expect(judge(proof, { ...doing, covered })).toBe(code);
});

test('steps that are shown beside a certificate of others let nothing happen', () => {
  const widened: Proof = {
    ...proof,
    covers: [...covers, { step: 'more', kind: 'action', name: 'burn', arguments: {} }],
  };
  expect(judge(widened, { ...doing, covered: { step: 'more', kind: 'action', name: 'burn', arguments: {} } })).toBe(
    'policy.vote-arguments',
  );
  expect(judgeVotes(widened, doing, authority, NOW)).toMatchObject({
    ok: false,
    refusal: { code: 'policy.vote-arguments' },
  });
});

test('a step that takes the output of another waits for the certified one, of this run and of that step', () => {
  const sweep: Execution = {
    ...doing,
    covered: { step: 'sweep', kind: 'action', name: 'sweepVaults', arguments: { toKey: 'abc' } },
  };
  const output: CertifiedOutput = {
    environment: subject.environment,
    network: subject.network,
    run: subject.run,
    step: 'new-key',
    outputs: { keyset: 'abc' },
  };
  expect([first?.step, second?.step]).toEqual(['new-key', 'sweep']);
  expect(judge(proof, sweep)).toBe('not-yet.output');
  expect(judge(proof, sweep, new Map([['new-key', output]]))).toBe('done');
  expect(judge(proof, sweep, new Map([['new-key', { ...output, run: 'other' }]]))).toBe('policy.output-run');
  expect(
    judge(
      proof,
      { ...sweep, covered: { ...sweep.covered, arguments: { toKey: 'mine' } } },
      new Map([['new-key', output]]),
    ),
  ).toBe('policy.vote-arguments');
});
