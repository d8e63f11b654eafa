import type { Digest } from '../../domain/encoding/digest.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { EXCHANGE_KEY_BYTES } from '../../threshold/verify/share-box.ts';
import type { OpenedEnvelope } from '../../wire/envelope.ts';
import { type Envelope, KeygenCommitmentsSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { readKeygenShares } from '../../wire/keygen-shares.ts';
import type { KeygenOpening, ShareInTransit } from './signer/operations.ts';
import { decode } from './statements.ts';

const POINT_BYTES = 33;
const PROOF_BYTES = 64;

type Round = ReadonlyMap<ValidatorId, OpenedEnvelope>;

/** Form only; points, proofs and lengths against the threshold are the suite's to check, and it names culprits. */
export function readOpenings(round: Round): Verdict<ReadonlyMap<ValidatorId, KeygenOpening>> {
  const openings = new Map<ValidatorId, KeygenOpening>();
  for (const [from, { payload }] of round) {
    const said = decode(KeygenCommitmentsSchema, payload);
    const wellFormed =
      said?.proofOfKnowledge.length === PROOF_BYTES &&
      said.encryptionKey.length === EXCHANGE_KEY_BYTES &&
      said.commitments.every((point) => point.length === POINT_BYTES);
    if (!wellFormed) return faulty(from, 'commitments');
    openings.set(from, said);
  }
  return accept(openings);
}

/** What each of the others encrypted for `self`, for the round that we were shown; everybody else's shares must be there too. */
export function readShares(
  round: Round,
  self: ValidatorId,
  participants: readonly ValidatorId[],
  view: Digest,
): Verdict<ReadonlyMap<ValidatorId, ShareInTransit>> {
  const mine = new Map<ValidatorId, ShareInTransit>();
  for (const [from, { payload }] of round) {
    const sent = readKeygenShares(payload, from, participants, view);
    if (sent === 'form') return faulty(from, 'shares');
    if (sent === 'view') {
      return refuse(
        'conflict.keygen-view',
        `validator ${from} made its shares for other commitments than we were shown`,
        { validator: from },
      );
    }
    const share = sent.get(self);
    if (share !== undefined) mine.set(from, share);
  }
  return accept(mine);
}

const faulty = (from: ValidatorId, what: string) =>
  refuse('signer-fault.keygen-message', `key generation ${what} of validator ${from} have a wrong form`, {
    culprits: [from],
  });

export const sameStatement = (
  a: Pick<Envelope, 'header'> | undefined,
  b: Pick<Envelope, 'header'> | undefined,
): boolean => a !== undefined && b !== undefined && Buffer.from(a.header).equals(b.header);

/** Headers hold the digests of their payloads, so equal headers are equal statements. */
export const sameRound = (a: Round, b: Round): boolean =>
  a.size === b.size && [...a].every(([from, { envelope }]) => sameStatement(envelope, b.get(from)?.envelope));

/** Ascending by sender. */
export const headersOf = (round: Round): Uint8Array[] =>
  [...round].sort(([a], [b]) => a - b).map(([, { envelope }]) => envelope.header);
