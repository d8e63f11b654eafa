import { type Authority, committeeDigest, countSeats, type MemberSignature, quorumOf } from '../committee/committee.ts';
import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment } from '../network/network.ts';

/** "This plan may run here": what members sign, so that nobody else decides what a playbook's name means. */
export type Endorsement = {
  readonly version: 1;
  readonly environment: Environment;
  readonly network: string;
  /** It ends with the committee that signed it. */
  readonly committeeEpoch: number;
  readonly committee: Digest;
  readonly playbook: string;
  readonly plan: Digest;
};
export type SignedEndorsement = { readonly endorsement: Endorsement; readonly signatures: readonly MemberSignature[] };

export type EndorsementRefusal =
  | 'policy.endorsement-committee'
  | 'policy.endorsement-plan'
  | 'policy.endorsement-quorum';

export const endorsementDigest = (endorsement: Endorsement): Digest => documentDigest(TAGS.endorsement, endorsement);

/** The endorsement of a plan by the present committee, not yet signed. */
export const endorsementOf = (
  { environment, network, committee }: Authority,
  playbook: string,
  plan: Digest,
): Endorsement => ({
  version: 1,
  environment,
  network,
  committeeEpoch: committee.epoch,
  committee: committeeDigest(committee),
  playbook,
  plan,
});

/** Whether the present committee has signed that exactly this plan runs under this name; a plan takes the change quorum. */
export function judgeEndorsement(
  { endorsement, signatures }: SignedEndorsement,
  authority: Authority,
  playbook: string,
  plan: Digest,
): Verdict<Endorsement, EndorsementRefusal> {
  const { environment, network, committee } = authority;
  if (
    endorsement.environment !== environment ||
    endorsement.network !== network ||
    endorsement.committeeEpoch !== committee.epoch ||
    endorsement.committee !== committeeDigest(committee)
  )
    return refuse(
      'policy.endorsement-committee',
      `${playbook} was signed by another committee than that of epoch ${committee.epoch}`,
    );
  if (endorsement.plan !== plan || endorsement.playbook !== playbook)
    return refuse(
      'policy.endorsement-plan',
      `${playbook} compiles to ${plan}, signed is ${endorsement.playbook} ${endorsement.plan}`,
    );
  const need = quorumOf(committee, 'change');
  const have = countSeats(signatures, endorsementDigest(endorsement), committee);
  return have < need
    ? refuse('policy.endorsement-quorum', `${playbook} has ${have} of ${need} seats`, { have, need })
    : accept(endorsement);
}
