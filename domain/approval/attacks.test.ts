import { expect, test } from '@jest/globals';
import { walkEpochs } from '../committee/epoch.ts';
import type { Verdict } from '../errors/failure.ts';
import { type Certified, judgeCertificate } from './certificate.ts';
import { epochAttacks } from './testkit/epoch-attacks.ts';
import { voteAttacks } from './testkit/attacks.ts';
import { handOver, soundCase, type VotingCase } from './testkit/voting.ts';

function judge({ genesis, chain, certificate, expected, nowSeconds }: VotingCase): Verdict<Certified> {
  const walked = walkEpochs(genesis, chain);
  return walked.ok ? judgeCertificate(certificate, expected, walked.value, nowSeconds) : walked;
}

test.each([
  ['the pinned committee', []],
  ['the committee after a hand-over', [handOver]],
])('what the attacks start from is obeyed: %s', (_name, chain) => {
  expect(judge(soundCase(chain))).toMatchObject({ ok: true });
});

test.each(voteAttacks)('refused among votes: $name', ({ code, make }) => {
  expect(judge(make())).toMatchObject({ ok: false, refusal: { code } });
});

test.each(epochAttacks)('refused among epochs: $name', ({ code, make }) => {
  expect(judge(make())).toMatchObject({ ok: false, refusal: { code } });
});

test('every attack has a name of its own', () => {
  const names = [...voteAttacks, ...epochAttacks].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
});
