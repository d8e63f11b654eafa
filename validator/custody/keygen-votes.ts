import { judgeOrigin } from '../../domain/ceremony/origin.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { parseProof } from '../../wire/documents/index.ts';
import type { Proposal } from './keygen-parameters.ts';
import type { AgentParts } from './parts.ts';

/**
 * On whose word the participants are what they are: the pinned file for a key without an origin, complete votes of the present
 * committee for any other. Judged before anything secret exists; votes that run out during the ceremony do not end it.
 */
export function judgeKeygenVotes(
  { epoch, purpose, participants, origin }: Proposal,
  proof: Uint8Array,
  { genesis, authority, clock }: Pick<AgentParts, 'genesis' | 'authority' | 'clock'>,
): Verdict<undefined> {
  if ((origin === undefined) !== (proof.length === 0)) {
    return refuse(
      'policy.keygen-proof',
      origin === undefined ? 'votes came along for a key that names no run' : 'the key names a run and brings no votes',
    );
  }
  if (origin === undefined) return accept(undefined);
  const votes = judgeOrigin(
    { epoch, purpose, participants, origin },
    parseProof(proof, 'votes of the request'),
    authority(),
    genesis.threshold,
    Math.floor(clock() / 1_000),
  );
  return votes.ok ? accept(undefined) : votes;
}
