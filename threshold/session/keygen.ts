import type { DKG_Round1, DKG_Secret, Key } from '@noble/curves/abstract/frost.js';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { equalBytes } from '@noble/curves/utils.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { isAscending } from '../../domain/ceremony/participants.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { KeygenCommitment, KeygenResult, KeygenSession } from '../suite.ts';
import { Point, parseScalar } from '../verify/curve.ts';
import { isParticipantId, PARTICIPANTS_MAX } from '../verify/key-package.ts';
import { identifierOf, inOrder } from './participant.ts';
import { commitmentHolds } from '../verify/proof-of-knowledge.ts';
import { shareHolds } from '../verify/share-opening.ts';

const sameCommitment = (a: KeygenCommitment, b: KeygenCommitment): boolean =>
  equalBytes(a.proofOfKnowledge, b.proofOfKnowledge) &&
  a.commitments.length === b.commitments.length &&
  a.commitments.every((bytes, index) => equalBytes(bytes, b.commitments[index] ?? new Uint8Array(0)));

/**
 * One participant of a FROST key generation (RFC 9591 appendix C with the split rounds of frost-core), in memory only.
 * The result commits to an empty script tree (`threshold.md` §4.1): no participant can have hidden a script path in it.
 *
 * The proofs of knowledge carry no session, so round-1 messages must come in envelopes that name the ceremony.
 */
export function startKeygen(self: ValidatorId, participants: readonly ValidatorId[], threshold: number): KeygenSession {
  const everyone = [...participants];
  const n = everyone.length;
  if (n > PARTICIPANTS_MAX || !everyone.every(isParticipantId) || !isAscending(everyone)) {
    throw new FirebreakFailure('input.keygen-set', 'the participants of a key are not ascending ids, each once');
  }
  const others = everyone.filter((id) => id !== self);
  if (others.length !== n - 1) {
    throw new FirebreakFailure('input.keygen-set', `validator ${self} is not one of the ${n} participants`);
  }
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > n) {
    throw new FirebreakFailure('input.keygen-set', `a key of ${threshold} of ${n} cannot be generated`);
  }
  const started = schnorr_FROST.DKG.round1(identifierOf(self), { min: threshold, max: n });
  let secret: DKG_Secret | undefined = started.secret;
  let received: DKG_Round1[] | undefined;
  const round1: KeygenCommitment = {
    commitments: started.public.commitment,
    proofOfKnowledge: started.public.proofOfKnowledge,
  };

  function erase(): void {
    if (secret === undefined) return;
    for (const sent of Object.values(secret.round2Cache ?? {})) sent.signingShare.fill(0);
    schnorr_FROST.DKG.clean(secret);
    secret = undefined;
  }

  function receiveCommitments(all: ReadonlyMap<ValidatorId, KeygenCommitment>): ReadonlyMap<ValidatorId, Uint8Array> {
    if (secret === undefined || received !== undefined) {
      throw new FirebreakFailure('bug.keygen-order', 'commitments were given to a key generation that is past them');
    }
    const entries = inOrder(everyone, all, 'key generation commitments');
    const own = all.get(self);
    if (own === undefined || !sameCommitment(own, round1)) {
      throw new FirebreakFailure('input.keygen-set', 'key generation commitments name others as ours than we made');
    }
    const packages = entries
      .filter(([id]) => id !== self)
      .map(
        ([id, sent]): DKG_Round1 => ({
          identifier: identifierOf(id),
          // Copies: what was checked stays what is used, whatever the caller does with its buffers.
          commitment: sent.commitments.map((bytes) => Uint8Array.from(bytes)),
          proofOfKnowledge: Uint8Array.from(sent.proofOfKnowledge),
        }),
      );
    let shares: ReturnType<typeof schnorr_FROST.DKG.round2>;
    try {
      shares = schnorr_FROST.DKG.round2(secret, packages);
    } catch (cause) {
      // The library stops at the first bad package without naming it: look at each, and only now.
      const culprits = entries.filter(([id, sent]) => !commitmentHolds(id, threshold, sent)).map(([id]) => id);
      erase();
      if (culprits.length === 0) throw cause;
      throw new FirebreakFailure(
        'signer-fault.keygen-commitments',
        `key generation commitments of ${culprits.join(', ')} do not hold`,
        {
          culprits,
        },
      );
    }
    received = packages;
    return new Map(
      others.map((id) => {
        const sent = shares[identifierOf(id)];
        if (sent === undefined)
          throw new FirebreakFailure('bug.keygen-result', `key generation made no share for ${id}`);
        return [id, sent.signingShare.slice()];
      }),
    );
  }

  function receiveShares(mine: ReadonlyMap<ValidatorId, Uint8Array>): KeygenResult {
    if (secret === undefined || received === undefined) {
      throw new FirebreakFailure(
        'bug.keygen-order',
        'shares were given to a key generation that does not wait for them',
      );
    }
    const entries = inOrder(others, mine, 'key generation shares');
    const sent = entries.map(([id, share]) => ({ identifier: identifierOf(id), signingShare: share }));
    let key: Key;
    try {
      key = schnorr_FROST.DKG.round3(secret, received, sent);
    } catch (cause) {
      const byId = new Map(received.map((entry) => [entry.identifier, entry]));
      const culprits = entries
        .filter(([id, share]) => {
          const sender = byId.get(identifierOf(id));
          return sender === undefined || !shareHolds(share, self, sender.commitment);
        })
        .map(([id]) => id);
      if (culprits.length === 0) throw cause;
      throw new FirebreakFailure(
        'signer-fault.keygen-share',
        `key generation shares of ${culprits.join(', ')} do not match their commitments`,
        {
          culprits,
        },
      );
    } finally {
      // Over either way: a second attempt with the same polynomial would let a sender try several shares.
      erase();
    }
    return resultOf(self, everyone, key);
  }

  return { round1, receiveCommitments, receiveShares, erase };
}

/** Repeats for our own share what the others will rely on, before anything is sealed or signed. */
function resultOf(self: ValidatorId, everyone: readonly ValidatorId[], key: Key): KeygenResult {
  const [groupKey] = key.public.commitments;
  const verifyingShares = everyone.flatMap((id) => key.public.verifyingShares[identifierOf(id)] ?? []);
  const own = verifyingShares[everyone.indexOf(self)];
  const share = key.secret.signingShare;
  if (groupKey === undefined || own === undefined || verifyingShares.length !== everyone.length) {
    throw new FirebreakFailure('bug.keygen-result', 'a finished key generation lacks a public share');
  }
  if (!equalBytes(Point.BASE.multiply(parseScalar(share, 'our share')).toBytes(), own)) {
    share.fill(0);
    throw new FirebreakFailure(
      'bug.keygen-result',
      `a finished key generation has another share than ${bytesToHex(own)} says`,
    );
  }
  return { groupKey, verifyingShares, share };
}
