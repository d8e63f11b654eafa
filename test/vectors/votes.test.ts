import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgeCertificate } from '../../domain/approval/certificate.ts';
import type { Choice } from '../../domain/approval/vote.ts';
import { voteAttacks } from '../../domain/approval/testkit/attacks.ts';
import { epochAttacks } from '../../domain/approval/testkit/epoch-attacks.ts';
import {
  authorityOf,
  ballotBy,
  certificateOf,
  genesis,
  handOver,
  NOW,
  soundCase,
  subjectFor,
  type VotingCase,
  wanted,
} from '../../domain/approval/testkit/voting.ts';
import type { ActionClass } from '../../domain/committee/committee.ts';
import { walkEpochs } from '../../domain/committee/epoch.ts';
import { deputies, principal } from '../../domain/committee/testkit/keys.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { encodeDocument, parseCommitteeChain, parseVoteCertificate } from '../../wire/documents/index.ts';
import { mutated } from './mutations.ts';

/** A second implementation, written from docs/reference-formats/votes.md alone. */
const SCRIPT = new URL('../../docs/reference-formats/verify-votes.mjs', import.meta.url);
type Answer = { readonly ok: true; readonly approvals: number } | { readonly ok: false; readonly code: string };
const { verifyVotes } = (await import(SCRIPT.href)) as { verifyVotes: (votes: VotingCase) => Answer };

/** The platform's whole answer, from bytes to verdict. */
function platform(votes: VotingCase): Answer {
  try {
    const { epochs } = parseCommitteeChain(encodeDocument({ version: 1, epochs: votes.chain }), 'chain');
    const certificate = parseVoteCertificate(encodeDocument(votes.certificate), 'certificate');
    const walked = walkEpochs(votes.genesis, epochs);
    if (!walked.ok) return { ok: false, code: walked.refusal.code };
    const verdict = judgeCertificate(certificate, votes.expected, walked.value, votes.nowSeconds);
    return verdict.ok
      ? { ok: true, approvals: verdict.value.approvedBy.length }
      : { ok: false, code: verdict.refusal.code };
  } catch (error) {
    if (error instanceof FirebreakFailure) return { ok: false, code: error.code };
    throw error;
  }
}

/** What the platform already cannot read, the script may refuse for any reason of its own. */
function agree(votes: VotingCase): void {
  const ours = platform(votes);
  const theirs = verifyVotes(votes);
  expect(theirs.ok).toBe(ours.ok);
  if (!ours.ok && ours.code.startsWith('input.document')) return;
  expect(theirs).toEqual(ours);
}

test.each([
  ['the pinned committee', []],
  ['the committee after a hand-over', [handOver]],
])('both obey seven of ten of %s', (_name, chain) => {
  expect(platform(soundCase(chain))).toEqual({ ok: true, approvals: 7 });
  expect(verifyVotes(soundCase(chain))).toEqual({ ok: true, approvals: 7 });
});

test.each([...voteAttacks, ...epochAttacks])('both refuse, for the same reason: $name', ({ code, make }) => {
  expect(verifyVotes(make())).toEqual({ ok: false, code });
  agree(make());
});

test('both agree on every mix of ballots, classes, deputies and quorums', () => {
  // So much approval that about a fifth of the mixes is obeyed: with less, a run now and then saw refusals alone.
  const choice = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Choice>('approve') },
    { weight: 1, arbitrary: fc.constantFrom<Choice>('reject', 'abstain', 'push-back') },
  );
  const ballot = fc.record({ seat: fc.nat(9), choice, isDeputy: fc.boolean() });
  const votes = fc.record({
    ballots: fc.uniqueArray(ballot, { maxLength: 10, size: 'max', selector: ({ seat }) => seat }),
    kind: fc.constantFrom<ActionClass>('freeze', 'lift', 'change'),
    quorum: fc.option(fc.nat(12), { nil: undefined }),
  });
  const seen = { obeyed: 0, refused: 0 };
  fc.assert(
    fc.property(votes, ({ ballots, kind, quorum }) => {
      const authority = authorityOf(genesis, []);
      const subject = subjectFor(authority, { class: kind });
      const cast = ballots.map(({ seat, choice: said, isDeputy }) =>
        ballotBy(
          (isDeputy && deputies.get(seat)) || principal(seat),
          subject,
          said,
          said === 'push-back' ? 'why' : undefined,
        ),
      );
      const expected = { ...wanted(subject), ...(quorum === undefined ? {} : { quorum }) };
      const given = { genesis, chain: [], certificate: certificateOf(subject, cast), expected, nowSeconds: NOW };
      seen[platform(given).ok ? 'obeyed' : 'refused'] += 1;
      agree(given);
    }),
    { numRuns: 100 },
  );
  expect(seen.obeyed).toBeGreaterThan(0);
  expect(seen.refused).toBeGreaterThan(0);
});

test('both agree on whatever becomes of sound documents when one place in them is changed', () => {
  const sound = soundCase([handOver]);
  const seen = { obeyed: 0, refused: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom('chain' as const, 'certificate' as const),
      fc.nat(),
      fc.nat(),
      (part, place, change) => {
        const altered = { ...sound, [part]: mutated(sound[part], place, change) };
        seen[platform(altered).ok ? 'obeyed' : 'refused'] += 1;
        agree(altered);
      },
    ),
    { numRuns: 200 },
  );
  // A committee's order of ballots is free; hardly anything else is.
  expect(seen.refused).toBeGreaterThan(150);
});

/** What the script says about the files, started with this Node. */
function started(node: string, { genesis: network, chain, certificate, expected, nowSeconds }: VotingCase) {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-votes-'));
  try {
    const documents = { network, chain: { version: 1, epochs: chain }, certificate, expected };
    const files = Object.entries(documents).map(([name, value]) => {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(value, undefined, 2));
      return file;
    });
    return spawnSync(node, [fileURLToPath(SCRIPT), ...files, String(nowSeconds)], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The pinned Node, and the one that a verifier has: Node 20 or newer. */
const NODES = [process.execPath, 'node'];

test.each(NODES)('the script runs on files, alone, with %s', (node) => {
  const run = (votes: VotingCase): unknown => {
    const { status, stdout } = started(node, votes);
    return { status, said: JSON.parse(stdout) as unknown };
  };
  const subject = subjectFor(authorityOf(genesis, []));
  // All but the seat that signs by ML-DSA.
  const ballots = [0, 1, 3, 4, 5, 6, 7].map((seat) => ballotBy(principal(seat), subject));
  const sound = { ...soundCase(), certificate: certificateOf(subject, ballots) };
  expect(run(sound)).toEqual({ status: 0, said: { ok: true, approvals: 7 } });
  const nowSeconds = subject.expiresAtSeconds;
  expect(run({ ...sound, nowSeconds })).toEqual({ status: 1, said: { ok: false, code: 'policy.vote-expired' } });
});

test.each(NODES)('ML-DSA is checked, or the script ends with words and without a verdict, with %s', (node) => {
  const { status, stdout, stderr } = started(node, soundCase([handOver]));
  if (stdout === '')
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('Node 24.7') });
  else expect({ status, said: JSON.parse(stdout) as unknown }).toEqual({ status: 0, said: { ok: true, approvals: 7 } });
});
