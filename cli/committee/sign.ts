import { epochDigest, judgeEpoch, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { seatOf } from '../../domain/committee/committee.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readEpoch } from '../documents.ts';
import { writeDocument } from '../files.ts';
import { readMemberKey, seatOfKey } from '../member-key.ts';
import type { Outcome } from '../outcome.ts';
import { paint, type Screen } from '../screen.ts';
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
  using member = await readMemberKey(options.key);
  const present = seatOf(authority.committee, member.voter);
  const { name } = (present ?? seatOfKey(member, before.epoch.committee, options.key)).key;
  if (!options.json) {
    const [action = '', ...rest] = describeHandOver(authority.committee, before);
    screen.out(`${paint(screen, 'strong', action)}\n${rest.join('\n')}\n`);
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
    data: { file, member: name, digest: epochDigest(signed.epoch), complete: now.ok },
    lines: [`signed by ${name}`, now.ok ? 'complete: the new committee follows' : now.refusal.message],
    next: now.ok
      ? `committee verify ${file} --out <chain file>`
      : `committee sign ${file} --key <another member's key file>`,
  };
}
