import { countSeats, quorumOf } from '../../domain/committee/committee.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import {
  type Endorsement,
  endorsementDigest,
  endorsementOf,
  type SignedEndorsement,
} from '../../domain/playbook/endorsement.ts';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { laterCommittee } from '../committee/later.ts';
import { writeDocument } from '../files.ts';
import { readMemberKey, seatOfKey, signedBefore } from '../member-key.ts';
import type { Outcome } from '../outcome.ts';
import { paint, type Screen } from '../screen.ts';
import { endorsementFile, readEndorsement } from './endorsement.ts';
import { loadFile, type PlaybookOptions } from './sources.ts';
import { refusedPlaybook } from './validate.ts';

export type SignPlaybookOptions = PlaybookOptions &
  CommitteeOptions & { readonly key: string; readonly yes?: boolean; readonly json?: boolean };

/**
 * Adds one member's signature to the file beside the playbook, after compiling it here: the member signs the plan that this machine made of
 * the text. Signatures under another plan or an earlier committee are dropped, because they say nothing about this one; those of a later
 * committee are in force, and `--chain` was forgotten.
 */
export async function signPlaybook(screen: Screen, file: string, options: SignPlaybookOptions): Promise<Outcome> {
  const loaded = loadFile(file, options);
  if (!loaded.ok) return refusedPlaybook(loaded.problems);
  const { plan, digest: planned } = loaded;
  const authority = presentAuthority(options);
  const endorsement = endorsementOf(authority, plan.name, planned);
  const before = readEndorsement(file);
  requireNoLater(before?.endorsement, endorsement, endorsementFile(file));
  const warning = await laterCommittee(options, authority.committee.epoch);
  using member = await readMemberKey(options.key);
  const { name } = seatOfKey(member, authority.committee, options.key).key;
  const digest = endorsementDigest(endorsement);
  const kept = before !== undefined && endorsementDigest(before.endorsement) === digest ? before.signatures : [];
  if (!options.json) {
    screen.out(`${paint(screen, 'strong', `${plan.name}: ${plan.title}`)}\n`);
    screen.out(`  plan    ${planned} (computed here)\n  digest  ${digest} (computed here)\n`);
    if (warning !== undefined) screen.out(`  ${paint(screen, 'bad', 'WARNING')} ${warning}\n`);
  }
  await confirm(screen, { text: `Sign as ${name}?`, flag: '--yes', given: options.yes === true });
  const signed: SignedEndorsement = {
    endorsement,
    signatures: [
      ...kept.filter((one) => one.member !== member.voter),
      { member: member.voter, signature: member.sign(digest) },
    ],
  };
  writeDocument(endorsementFile(file), 'signed playbook', signed, true);
  const have = countSeats(signed.signatures, digest, authority.committee);
  const need = quorumOf(authority.committee, 'change');
  return {
    data: {
      file: endorsementFile(file),
      member: name,
      plan: planned,
      have,
      need,
      ...(warning === undefined ? {} : { warning }),
    },
    lines: [...signedBefore(kept, member, name), `${plan.name}: signed by ${have} of the ${need} seats that it takes`],
  };
}

/** Throws for a file that a later committee of this network has signed. */
function requireNoLater(before: Endorsement | undefined, now: Endorsement, file: string): void {
  if (before?.environment !== now.environment || before.network !== now.network) return;
  if (before.committeeEpoch <= now.committeeEpoch) return;
  throw new FirebreakFailure(
    'policy.endorsement-committee',
    `${file} was signed by the committee of epoch ${before.committeeEpoch}, and what was given here leads to epoch ${now.committeeEpoch}: give --chain`,
    { file, signed: before.committeeEpoch, here: now.committeeEpoch },
  );
}
