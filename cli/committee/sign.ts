import { epochDigest, judgeEpoch, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { type Committee, type Seat, seatOf } from '../../domain/committee/committee.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readEpoch } from '../documents.ts';
import { writeDocument } from '../files.ts';
import { type MemberKey, readMemberKey, signedBefore } from '../member-key.ts';
import type { Outcome } from '../outcome.ts';
import { paint, type Screen } from '../screen.ts';
import { laterCommittee } from './later.ts';
import { describeHandOver } from './words.ts';

export type SignEpochOptions = CommitteeOptions & {
  readonly key: string;
  readonly yes?: boolean;
  readonly json?: boolean;
};

/** Adds one signature of the present or the new committee, after showing what changes and the digest computed here. */
export async function signCommittee(screen: Screen, file: string, options: SignEpochOptions): Promise<Outcome> {
  const authority = presentAuthority(options);
  const before = readEpoch(file);
  const judged = judgeEpoch(before, authority);
  // Missing signatures are what signing is for; everything else is a reason not to.
  if (!judged.ok && judged.refusal.code !== 'policy.epoch-quorum' && judged.refusal.code !== 'policy.epoch-unproven') {
    throw failureOf(judged.refusal);
  }
  const warning = await laterCommittee(options, authority.committee.epoch);
  using member = await readMemberKey(options.key);
  const { name } = seatIn([authority.committee, before.epoch.committee], member, options.key).key;
  if (!options.json) {
    const [action = '', ...rest] = describeHandOver(authority.committee, before);
    screen.out(`${paint(screen, 'strong', action)}\n${rest.join('\n')}\n`);
    if (warning !== undefined) screen.out(`  ${paint(screen, 'bad', 'WARNING')}  ${warning}\n`);
  }
  await confirm(screen, { text: `Sign as ${name}?`, flag: '--yes', given: options.yes === true });
  const signed: SignedEpoch = {
    epoch: before.epoch,
    signatures: [
      ...before.signatures.filter((one) => one.member !== member.voter),
      { member: member.voter, signature: member.sign(epochDigest(before.epoch)) },
    ],
  };
  writeDocument(file, 'committee epoch', signed, true);
  const now = judgeEpoch(signed, authority);
  return {
    data: {
      file,
      member: name,
      digest: epochDigest(signed.epoch),
      complete: now.ok,
      ...(warning === undefined ? {} : { warning }),
    },
    lines: [
      ...signedBefore(before.signatures, member, name),
      `signed by ${name}`,
      now.ok ? 'complete: the new committee follows' : now.refusal.message,
    ],
    next: now.ok
      ? `committee verify ${file} --out <chain file>`
      : `committee sign ${file} --key <another member's key file>`,
  };
}

/** The seat that the key speaks for in the first of them that has one; `input.key-seatless` when none has. */
function seatIn(committees: readonly Committee[], member: MemberKey, place: string): Seat {
  const [seat] = committees.flatMap((committee) => seatOf(committee, member.voter) ?? []);
  if (seat !== undefined) return seat;
  throw new FirebreakFailure(
    'input.key-seatless',
    `the key in ${place} has a seat neither in the committee of epoch ${committees.map(({ epoch }) => epoch).join(' nor in that of epoch ')}`,
  );
}
