import { createPrivateKey } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type CoveredStep, coveredDigest } from '../../domain/approval/covered.ts';
import { genesis, NOW, rotateStep, subjectFor, sweepStep } from '../../domain/approval/testkit/voting.ts';
import { type SignedVote, subjectDigest, type VoteSubject } from '../../domain/approval/vote.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import { principal, secretOf, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { endorsementDigest, endorsementOf } from '../../domain/playbook/endorsement.ts';
import { utc } from '../duration.ts';
import { loadFile } from '../playbook/sources.ts';
import type { Screen } from '../screen.ts';
import { approve } from './approve.ts';
import { showRequest } from './show.ts';
import { tallyVotes } from './tally.ts';
import { verifyVotes } from './verify.ts';

const PLAYBOOK = fileURLToPath(new URL('../../playbooks/suspected-share-theft', import.meta.url));
const loaded = loadFile(PLAYBOOK, {});
if (!loaded.ok) throw new Error('the shipped playbook does not load');

/** What the engine asks at the approval step `consent` of a run about validator 7. */
const rotate = rotateStep([1, 2, 3], 10);
const sweep = sweepStep;
const subjectOf = (covers: readonly CoveredStep[], change: Partial<VoteSubject> = {}): VoteSubject =>
  subjectFor(firstAuthority(genesis), {
    playbook: loaded.digest,
    step: 'consent',
    arguments: coveredDigest(covers),
    ...change,
  });

let folder = '';
let shown = '';
const screen: Screen = {
  out: (text) => void (shown += text),
  err: () => undefined,
  colour: false,
  interactive: false,
};
const at = (name: string): string => join(folder, name);
const where = () => ({ data: folder, network: at('network.json') });

/** RFC 8410 and RFC 9881: a seed behind a fixed head is a PKCS#8 key. */
const pem = (head: string, seed: Uint8Array): string =>
  createPrivateKey({ key: Buffer.concat([Buffer.from(head, 'hex'), seed]), format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
const keyFile = (name: string): string => {
  const text =
    name === 'member-1'
      ? toHex(secretOf(name, 'secp256k1'))
      : name === 'member-2'
        ? pem('3034020100300b060960864801650304031204228020', secretOf(name, 'ml-dsa-65'))
        : pem('302e020100300506032b657004220420', secretOf(name));
  writeFileSync(at(`${name}.key`), text, { mode: 0o600 });
  return at(`${name}.key`);
};
function requested(covers: readonly CoveredStep[] = [rotate, sweep], change: Partial<VoteSubject> = {}): string {
  writeFileSync(at('request.json'), JSON.stringify({ version: 1, subject: subjectOf(covers, change), covers }));
  return at('request.json');
}
const vote = (file: string, name: string, options: Partial<Parameters<typeof approve>[2]> = {}) =>
  approve(
    screen,
    file,
    {
      ...where(),
      playbook: PLAYBOOK,
      key: keyFile(name),
      choice: 'approve',
      yes: true,
      out: at(`${name}.json`),
      ...options,
    },
    NOW,
  );
const members = (count: number): string[] => Array.from({ length: count }, (_unused, seat) => `member-${seat}`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-vote-'));
  shown = '';
  writeFileSync(at('network.json'), JSON.stringify(genesis));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a member sees what follows from a yes in plain words, with digests computed here, before the key is used', async () => {
  const file = requested();
  await vote(file, 'member-3');
  expect(shown).toContain('CHANGE: something that cannot be undone');
  expect(shown).toContain(
    'then step rotate: workflow generateKey: A new key, made and tested by the named participants',
  );
  expect(shown).toMatch(/participants +\[1,2,3\]/);
  expect(shown).toContain('whatever step rotate of this run certifies as certificate');
  expect(shown).toContain(`${loaded.digest} (suspected-share-theft, compiled here)`);
  expect(shown).toContain(`${subjectDigest(subjectOf([rotate, sweep]))} (computed here)`);
});

test('the words are those of what the covered steps do, with the question of the playbook and both times', () => {
  const file = requested();
  const text = showRequest(file, { ...where(), playbook: PLAYBOOK }, NOW).lines.join('\n');
  expect(text).toContain('CHANGE: something that cannot be undone');
  expect(text).toMatch(/question +\S.*\?/);
  expect(text.match(/CANNOT BE UNDONE/g)).toHaveLength(2);
  const blind = showRequest(file, where(), NOW).lines.join('\n');
  expect(blind).toContain('CHANGE: whether it can be undone stands in the playbook');
  expect(blind).not.toContain('cannot be undone');
});

/** A playbook whose change can be taken back. */
const PAUSING = `
playbook: 1
name: pause-one
title: One validator is left out
summary: Of a test
severity: SEV3
inputs:
  validator: { type: validator, summary: Which }
  times: { type: int, summary: How often, default: 1 }
steps:
  - id: consent
    summary: The committee decides
    timeout: 10m
    approval: { class: change, covers: [pause], question: "Leave validator \${inputs.validator} out? Seen \${inputs.times} times" }
  - id: pause
    summary: No new ceremony counts on it
    action: validator.pause
    with: { validator: "\${inputs.validator}", reason: offline }
    timeout: 2m
    effect: reversible
    compensate: { action: validator.resume, with: { validator: "\${inputs.validator}" } }
`;

test('a change that its playbook can take back is called so, and what takes it back, the question and both times are named', () => {
  writeFileSync(at('playbook.yaml'), PAUSING);
  const pausing = loadFile(at('playbook.yaml'), {});
  if (!pausing.ok) throw new Error(JSON.stringify(pausing.problems));
  const pause: CoveredStep = {
    step: 'pause',
    kind: 'action',
    name: 'validator.pause',
    arguments: { validator: { value: 7 }, reason: { value: 'offline' } },
  };
  const untilSeconds = NOW + 600 + 120;
  const file = requested([pause], { playbook: pausing.digest, expiresAtSeconds: untilSeconds });
  const text = showRequest(file, { ...where(), playbook: at('playbook.yaml') }, NOW).lines.join('\n');
  expect(text).toContain('CHANGE: something that can be undone');
  expect(text).toContain('undone by validator.resume');
  expect(text).not.toMatch(/cannot be undone/i);
  expect(text).toContain('question   Leave validator 7 out? Seen {inputs.times} times');
  expect(text).toContain('what stands in {} only the run knows; it is not part of what is signed');
  expect(text).toContain(`vote by    ${utc(NOW + 600)}`);
  expect(text).toContain(`until      ${utc(untilSeconds)}`);
});

test('seven members with keys of three kinds vote offline, and an executor obeys the certificate', async () => {
  const file = requested();
  for (const name of members(7)) await vote(file, name);
  const votes = members(7).map((name) => at(`${name}.json`));
  expect(tallyVotes(file, { ...where(), vote: votes.slice(0, 6), out: at('early.json') }, NOW)).toMatchObject({
    exitCode: 1,
    data: { outcome: 'open', need: 7, refused: [] },
  });
  expect(tallyVotes(file, { ...where(), vote: votes, out: at('certificate.json') }, NOW)).toMatchObject({
    exitCode: 0,
    data: { outcome: 'approved', file: at('certificate.json') },
  });
  expect(verifyVotes(at('certificate.json'), { ...where(), request: file }, NOW)).toMatchObject({
    exitCode: 0,
    data: { valid: true, approvedBy: members(7) },
  });
  expect(verifyVotes(at('certificate.json'), { ...where(), request: file }, NOW + 3_599)).toMatchObject({
    data: { valid: true },
  });
});

test('a certificate says nothing about another request', async () => {
  const file = requested();
  for (const name of members(7)) await vote(file, name);
  tallyVotes(
    file,
    { ...where(), vote: members(7).map((name) => at(`${name}.json`)), out: at('certificate.json') },
    NOW,
  );
  const other = requested([rotate, sweep], { run: 'incident/laptop/8' });
  expect(verifyVotes(at('certificate.json'), { ...where(), request: other }, NOW)).toMatchObject({
    exitCode: 1,
    data: { valid: false, refusal: { code: 'policy.vote-run' } },
  });
});

test('what is not counted is named with its reason', async () => {
  const file = requested();
  await vote(file, 'member-3');
  const path = at('member-3.json');
  const { subject, ballot } = JSON.parse(readFileSync(path, 'utf8')) as SignedVote;
  writeFileSync(at('forged.json'), JSON.stringify({ subject, ballot: { ...ballot, choice: 'reject' } }));
  const { data } = tallyVotes(file, { ...where(), vote: [path, path, at('forged.json')] }, NOW);
  expect(data).toMatchObject({
    approved: ['member-3'],
    refused: [{ code: 'conflict.vote-repeated' }, { code: 'policy.vote-signature' }],
  });
});

test('a push-back carries its comment into the tally; without one nothing is signed', async () => {
  const file = requested();
  await expect(vote(file, 'member-3', { choice: 'push-back' })).rejects.toMatchObject({ code: 'policy.vote-comment' });
  await vote(file, 'member-3', { choice: 'push-back', comment: 'leave validator 9 out too' });
  const { data } = tallyVotes(file, { ...where(), vote: [at('member-3.json')] }, NOW);
  expect(data).toMatchObject({ outcome: 'open', pushedBack: [{ comment: 'leave validator 9 out too' }] });
});

const swap = (step: CoveredStep, change: CoveredStep['arguments']): CoveredStep => ({
  ...step,
  arguments: { ...step.arguments, ...change },
});
const tricks: readonly (readonly [string, string, () => string])[] = [
  [
    'another playbook',
    'policy.request-plan',
    () => requested([rotate, sweep], { playbook: subjectOf([rotate]).arguments }),
  ],
  [
    'a step at which the playbook asks nobody',
    'policy.request-step',
    () => requested([rotate, sweep], { step: 'rotate' }),
  ],
  ['a change that is called a freeze', 'policy.request-class', () => requested([rotate, sweep], { class: 'freeze' })],
  ['only the harmless half of what is covered', 'policy.request-covers', () => requested([rotate])],
  [
    'a step that the approval does not cover',
    'policy.request-covers',
    () => requested([rotate, { ...sweep, step: 'tell' }]),
  ],
  ['another workflow at the step', 'policy.request-value', () => requested([{ ...rotate, name: 'destroyKey' }, sweep])],
  [
    'an action in the place of a workflow',
    'policy.request-value',
    () => requested([{ ...rotate, kind: 'action' }, sweep]),
  ],
  [
    'another fixed argument',
    'policy.request-value',
    () => requested([swap(rotate, { purpose: { value: 'mine' } }), sweep]),
  ],
  [
    'an argument that the plan does not give',
    'policy.request-value',
    () => requested([swap(rotate, { extra: { value: 1 } }), sweep]),
  ],
  [
    'a key of somebody in the place of the key that the run makes',
    'policy.request-value',
    () => requested([rotate, swap(sweep, { certificate: { value: 'ab'.repeat(32) } })]),
  ],
  [
    'another output than the plan takes',
    'policy.request-value',
    () => requested([rotate, swap(sweep, { certificate: { output: { step: 'rotate', name: 'epoch' } } })]),
  ],
  [
    'an output in the place of a value that is known',
    'policy.request-value',
    () => requested([rotate, swap(sweep, { fromEpoch: { output: { step: 'rotate', name: 'epoch' } } })]),
  ],
];
test.each(tricks)('a request for %s is not signed', async (_name, code, make) => {
  await expect(vote(make(), 'member-3')).rejects.toMatchObject({ code });
});

test('a request that shows other arguments than it asks to sign is not signed, and show says why', async () => {
  const file = requested();
  const request = JSON.parse(readFileSync(file, 'utf8')) as { covers: CoveredStep[] };
  const shownSteps = [swap(rotate, { smallest: { value: 1 } }), sweep];
  writeFileSync(file, JSON.stringify({ ...request, covers: shownSteps }));
  await expect(vote(file, 'member-3')).rejects.toMatchObject({ code: 'policy.request-arguments' });
  expect(showRequest(file, where(), NOW)).toMatchObject({
    exitCode: 1,
    data: { valid: false, refusal: { code: 'policy.request-arguments' } },
  });
});

test('show says when nothing was compared with a playbook', () => {
  const file = requested();
  expect(showRequest(file, where(), NOW).lines.join('\n')).toContain('NOT COMPARED with a playbook');
  expect(showRequest(file, { ...where(), playbook: PLAYBOOK }, NOW).lines.join('\n')).toContain('compiled here');
});

test('a member reads who signed the plan beforehand, by the file beside the playbook', () => {
  const file = requested();
  const copied = at('theft');
  cpSync(PLAYBOOK, copied, { recursive: true });
  const read = () =>
    showRequest(file, { ...where(), playbook: copied, library: dirname(PLAYBOOK) }, NOW).lines.join('\n');
  rmSync(join(copied, 'playbook.signed.json'), { force: true });
  expect(read()).toContain('not signed as far as is seen here: no playbook.signed.json beside it');
  const authority = firstAuthority(genesis);
  const endorsement = endorsementOf(authority, loaded.plan.name, loaded.digest);
  const sign = (keys: readonly number[]) =>
    writeFileSync(
      join(copied, 'playbook.signed.json'),
      JSON.stringify({ endorsement, signatures: signaturesBy(keys.map(principal), endorsementDigest(endorsement)) }),
    );
  sign([0, 1]);
  expect(read()).toMatch(/NOT SIGNED by the committee of today: suspected-share-theft has 2 of \d+ seats/);
  sign(authority.committee.members.map((_member, seat) => seat));
  expect(read()).toMatch(/signed by (\d+) of \1 seats \(playbook\.signed\.json\)/);
});

test('text of an alert in an argument cannot rewrite the screen', () => {
  const evil = '\u001b[2J\u202efreeze nothing';
  const file = requested([swap(rotate, { purpose: { value: evil } }), sweep]);
  const { lines } = showRequest(file, where(), NOW);
  expect(lines.filter((line) => /\p{C}/u.test(line))).toEqual([]);
  expect(lines.join('\n')).toContain('freeze nothing');
});

test('a playbook that does not compile here says the same to whoever votes as to whoever checks it', async () => {
  const own =
    'playbook: 1\nname: own\ntitle: Own\nsummary: With a channel of its own.\nseverity: SEV3\nsteps:\n  - { id: say, summary: Say, timeout: 1m, notify: { channels: [phones], message: hello } }\n';
  writeFileSync(at('own.yaml'), own);
  for (const refused of [
    await vote(requested(), 'member-3', { playbook: at('own.yaml') }),
    showRequest(at('request.json'), { ...where(), playbook: at('own.yaml') }, NOW),
  ]) {
    expect(refused).toMatchObject({ exitCode: 2, data: { valid: false } });
    expect(refused.lines.join('\n')).toMatch(/no channel is called phones[^]*remedy: .*--catalogue <file>/);
  }
  expect(shown).toBe('');
});

test('each request has a file of its own for an answer; a second answer to one says how the first is sent, before a key is used', async () => {
  const home = process.cwd();
  const options = { ...where(), playbook: PLAYBOOK, key: keyFile('member-3'), choice: 'approve', yes: true };
  process.chdir(folder);
  try {
    const first = await approve(screen, requested(), options, NOW);
    const file = `vote-member-3-consent-${String(first.data['digest']).slice(0, 8)}.json`;
    expect(first).toMatchObject({ data: { file }, next: `vote send ${file}` });
    shown = '';
    await expect(approve(screen, at('request.json'), options, NOW)).rejects.toMatchObject({
      code: 'input.file-exists',
      message: expect.stringContaining(`\`firebreak vote send ${file}\` hands it over`),
    });
    expect(shown).toBe('');
    const later = await approve(screen, requested([rotate, sweep], { expiresAtSeconds: NOW + 999 }), options, NOW);
    expect(later.data['file']).not.toBe(file);
  } finally {
    process.chdir(home);
  }
});

test('without a terminal and without --yes nothing is signed', async () => {
  await expect(vote(requested(), 'member-3', { yes: false })).rejects.toMatchObject({
    code: 'input.question-without-terminal',
  });
});

test('a key without a seat, or that others can read, votes for nobody', async () => {
  const file = requested();
  await expect(vote(file, 'mallory')).rejects.toMatchObject({ code: 'input.key-seatless' });
  const key = keyFile('member-3');
  chmodSync(key, 0o644);
  await expect(vote(file, 'member-3', { key })).rejects.toMatchObject({
    message: expect.stringContaining('chmod 600'),
  });
});

test('a deputy votes with the key that the committee lists for it', async () => {
  const outcome = await vote(requested(), 'deputy-0');
  expect(outcome.data).toMatchObject({ member: 'deputy-0', choice: 'approve' });
});
