import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import { SUITE } from '../../threshold/verify/signing-transcript.ts';
import { openEnvelope, type OpenedEnvelope } from '../../wire/envelope.ts';
import type { Envelope, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { About } from './statements.ts';

/**
 * The statements of one round, each signed by a listed validator about exactly this ceremony, and each validator once.
 * Which validators must be among them is for the caller.
 */
export function openRound(
  genesis: NetworkGenesis,
  envelopes: readonly Envelope[],
  round: Round,
  about: About,
): Verdict<ReadonlyMap<ValidatorId, OpenedEnvelope>> {
  if (envelopes.length > genesis.validators.length) {
    return refuse(
      'policy.round-statements',
      `${envelopes.length} statements for ${genesis.validators.length} validators`,
    );
  }
  const opened = new Map<ValidatorId, OpenedEnvelope>();
  for (const envelope of envelopes) {
    const verdict = openEnvelope(genesis, envelope, { round, suite: SUITE, ...about });
    if (!verdict.ok) return verdict;
    const { from } = verdict.value;
    if (opened.has(from))
      return refuse('policy.round-statements', `validator ${from} is there twice`, { validator: from });
    opened.set(from, verdict.value);
  }
  return accept(opened);
}

/** The same, from exactly these validators. */
export function openFullRound(
  genesis: NetworkGenesis,
  participants: readonly ValidatorId[],
  envelopes: readonly Envelope[],
  round: Round,
  about: About,
): Verdict<ReadonlyMap<ValidatorId, OpenedEnvelope>> {
  const opened = openRound(genesis, envelopes, round, about);
  if (!opened.ok) return opened;
  const stranger = [...opened.value.keys()].find((id) => !participants.includes(id));
  if (stranger !== undefined) {
    return refuse('policy.round-statements', `validator ${stranger} takes no part`, { validator: stranger });
  }
  const missing = participants.filter((id) => !opened.value.has(id));
  if (missing.length === 0) return opened;
  return refuse('policy.round-statements', `there is no statement of validators ${missing.join(', ')}`, { missing });
}
