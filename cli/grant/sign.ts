import { grantDigest, judgeGrant, type SignedGrant } from '../../domain/committee/grant.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readGrant } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { writeDocument } from '../files.ts';
import { readMemberKey, seatOfKey, signedBefore } from '../member-key.ts';
import type { Outcome } from '../outcome.ts';
import type { Screen } from '../screen.ts';
import { describeGrant } from './words.ts';

export type SignGrantOptions = CommitteeOptions & {
  readonly key: string;
  readonly yes?: boolean;
  readonly json?: boolean;
};

/** Adds one member's signature, after showing what the grant allows and the digest computed here. */
export async function signGrant(
  screen: Screen,
  file: string,
  options: SignGrantOptions,
  nowSeconds: number = nowInSeconds(),
): Promise<Outcome> {
  const authority = presentAuthority(options);
  const before = readGrant(file);
  const judged = judgeGrant(before, authority, nowSeconds);
  // Missing signatures are what signing is for; everything else is a reason not to.
  if (!judged.ok && judged.refusal.code !== 'policy.grant-quorum') throw failureOf(judged.refusal);
  using member = await readMemberKey(options.key);
  const { name } = seatOfKey(member, authority.committee, options.key).key;
  if (!options.json) screen.out(`${describeGrant(before, authority.committee).join('\n')}\n`);
  await confirm(screen, { text: `Sign as ${name}?`, flag: '--yes', given: options.yes === true });
  const signed: SignedGrant = {
    grant: before.grant,
    signatures: [
      ...before.signatures.filter((one) => one.member !== member.voter),
      { member: member.voter, signature: member.sign(grantDigest(before.grant)) },
    ],
  };
  writeDocument(file, 'grant', signed, true);
  const shown = showGrant(file, options, nowSeconds);
  return { ...shown, lines: [...signedBefore(before.signatures, member, name), ...shown.lines], exitCode: EXIT.done };
}

/** Prints a grant and whether it is in force here and now. */
export function showGrant(file: string, options: CommitteeOptions, nowSeconds: number = nowInSeconds()): Outcome {
  const authority = presentAuthority(options);
  const signed = readGrant(file);
  const verdict = judgeGrant(signed, authority, nowSeconds);
  return {
    data: {
      grant: signed.grant,
      digest: grantDigest(signed.grant),
      valid: verdict.ok,
      ...(verdict.ok ? {} : { refusal: verdict.refusal }),
    },
    lines: [
      ...describeGrant(signed, authority.committee),
      verdict.ok
        ? '  verdict    IN FORCE'
        : `  verdict    NOT IN FORCE (${verdict.refusal.code}): ${verdict.refusal.message}`,
    ],
    exitCode: verdict.ok ? EXIT.done : EXIT.refused,
  };
}
