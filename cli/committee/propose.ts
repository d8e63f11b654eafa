import { committeeDigest, judgeRules } from '../../domain/committee/committee.ts';
import { epochDigest, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readCommittee } from '../documents.ts';
import { writeDocument } from '../files.ts';
import type { Outcome } from '../outcome.ts';
import { laterThan, saidEpochs } from './later.ts';
import { describeHandOver } from './words.ts';

export type ProposeOptions = CommitteeOptions & { readonly reason: string; readonly out?: string };

/**
 * Writes an unsigned hand-over to the committee of a draft; epoch number and predecessor are filled in here. `input.draft-later` for one that
 * was taken from a later committee: a forgotten `--chain` would make a rival of a successor that is in force. The number of the next epoch may
 * also be what a person wrote who edited the draft; it passes where validators answer and follow no later committee.
 */
export async function proposeCommittee(draft: string, options: ProposeOptions): Promise<Outcome> {
  const { environment, network, committee } = presentAuthority(options);
  const taken = readCommittee(draft);
  const said = await saidEpochs(options);
  const warning = laterThan(committee.epoch, said);
  const mayBeNext = taken.epoch === committee.epoch + 1 && said.length > 0 && warning === undefined;
  if (taken.epoch > committee.epoch && !mayBeNext)
    throw new FirebreakFailure(
      'input.draft-later',
      `${draft} is of epoch ${taken.epoch}, and what was given here leads to epoch ${committee.epoch}: give --chain, or write ${committee.epoch} where no later committee is in force; the number of the next is filled in`,
      { draft: taken.epoch, here: committee.epoch },
    );
  const next = { ...taken, epoch: committee.epoch + 1 };
  const rules = judgeRules(next);
  if (!rules.ok) throw failureOf(rules.refusal);
  const signed: SignedEpoch = {
    epoch: {
      version: 1,
      environment,
      network,
      previous: committeeDigest(committee),
      committee: next,
      reason: options.reason,
    },
    signatures: [],
  };
  const file = options.out ?? `committee-${next.epoch}.json`;
  writeDocument(file, 'committee epoch', signed);
  return {
    data: { file, epoch: signed.epoch, digest: epochDigest(signed.epoch) },
    lines: [
      ...describeHandOver(committee, signed),
      ...(warning === undefined ? [] : [`  WARNING  ${warning}`]),
      `written to ${file}`,
    ],
    next: `committee sign ${file} --key <member key file>`,
  };
}
