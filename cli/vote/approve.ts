import { existsSync } from 'node:fs';
import { judgeRequest } from '../../domain/approval/request.ts';
import {
  ballotDigest,
  type Choice,
  CHOICES,
  judgeBallot,
  type SignedVote,
  subjectDigest,
  type VoteSubject,
} from '../../domain/approval/vote.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readVoteRequest } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { writeDocument } from '../files.ts';
import { readMemberKey, seatOfKey } from '../member-key.ts';
import type { Outcome } from '../outcome.ts';
import { paint, type Screen } from '../screen.ts';
import { readOperator } from '../operator.ts';
import { refusedPlaybook } from '../playbook/validate.ts';
import { deliver, saidOf } from './deliver.ts';
import { type ReviewedOptions, reviewedPlan } from './reviewed.ts';
import { describeRequest } from './words.ts';

export type ApproveOptions = CommitteeOptions &
  ReviewedOptions & {
    readonly key: string;
    readonly choice: string;
    readonly comment?: string;
    readonly out?: string;
    readonly send?: boolean;
    readonly yes?: boolean;
    readonly json?: boolean;
  };

/** Signs one member's answer to an exported request, without any connection, and writes it to a file of its own. */
export async function approve(
  screen: Screen,
  file: string,
  options: ApproveOptions,
  nowSeconds: number = nowInSeconds(),
): Promise<Outcome> {
  const authority = presentAuthority(options);
  const request = readVoteRequest(file);
  const { subject } = request;
  const verdict = judgeRequest(request, authority, nowSeconds);
  if (!verdict.ok) throw failureOf(verdict.refusal);
  const reviewed = reviewedPlan(request, options, authority);
  if (!reviewed.ok) return refusedPlaybook(reviewed.problems);
  const choice = readChoice(options.choice);
  using member = await readMemberKey(options.key);
  const { name } = seatOfKey(member, authority.committee, options.key).key;
  const out = options.out ?? fileOf(name, subject);
  if (existsSync(out)) throw answered(out, options.out === undefined);
  if (!options.json) {
    const [action = '', ...rest] = describeRequest(request, authority.committee, reviewed);
    screen.out(`${paint(screen, 'strong', action)}\n${rest.join('\n')}\n`);
  }
  await confirm(screen, {
    text: `Sign ${choice.toUpperCase()} as ${name}?`,
    flag: '--yes',
    given: options.yes === true,
  });
  const words = { voter: member.voter, choice, ...(options.comment === undefined ? {} : { comment: options.comment }) };
  const vote: SignedVote = { subject, ballot: { ...words, signature: member.sign(ballotDigest(subject, words)) } };
  const own = judgeBallot(subject, vote.ballot, authority);
  if (!own.ok) throw failureOf(own.refusal);
  writeDocument(out, 'vote', vote);
  const signed = { file: out, member: name, choice, digest: subjectDigest(subject) };
  const lines = [`${name} votes ${choice.toUpperCase()}`, `written to ${out}`];
  if (options.send !== true) return { data: signed, lines, next: `vote send ${out}` };
  const said = await saidOf(options, vote, await deliver(readOperator(options.data), vote));
  return { data: { ...signed, ...said.data }, lines: [...lines, ...said.lines] };
}

/** Each request has its own: a member who is asked twice in one folder, or asked anew, writes two files. */
function fileOf(member: string, subject: VoteSubject): string {
  const [who, step] = [member, subject.step].map((text) => text.replaceAll(/[^A-Za-z0-9-]+/g, '-'));
  return `vote-${who}-${step}-${subjectDigest(subject).slice(0, 8)}.json`;
}

/** Before anything is signed. A file of that name is the member's answer to this very request. */
const answered = (out: string, isOurName: boolean): FirebreakFailure =>
  new FirebreakFailure(
    'input.file-exists',
    `vote ${out} exists already${isOurName ? `, an answer to this request: \`firebreak vote send ${out}\` hands it over` : ''}`,
    { path: out },
  );

function readChoice(text: string): Choice {
  const choice = CHOICES.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new FirebreakFailure('input.usage', `--choice is one of ${CHOICES.join(', ')}, not "${text}"`);
}
