import { equalBytes } from '@noble/curves/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { KeysetId, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { digestOf, TAGS } from '../../domain/encoding/digest.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { KeygenResult, SigningSuite } from '../suite.ts';
import { Fn, Point, scalarBytes } from '../verify/curve.ts';
import { chaincodeOf } from '../../domain/ceremony/digests.ts';
import { SUITE } from '../verify/signing-transcript.ts';

/** A key in one hand: only for tests. `shares` has the secrets in the order of the participants. */
export type TestKeyset = { readonly key: PublicKeyPackage; readonly shares: readonly Uint8Array[] };

export const idsUpTo = (n: number): ValidatorId[] => Array.from({ length: n }, (_, index) => validatorId(index + 1));

/** Ids 1 to n, or exactly these. */
export type Participants = number | readonly number[];
const idsOf = (participants: Participants): ValidatorId[] =>
  typeof participants === 'number' ? idsUpTo(participants) : participants.map(validatorId);

function packageOf(
  seed: string,
  threshold: number,
  participants: readonly ValidatorId[],
  groupKey: Uint8Array,
  verifyingShares: readonly Uint8Array[],
): PublicKeyPackage {
  const transcript = digestOf(TAGS.keygenTranscript, utf8ToBytes(seed));
  return {
    suite: SUITE,
    keyset: transcript.slice(0, 32) as KeysetId,
    epoch: 1,
    threshold,
    participants,
    groupKey: bytesToHex(groupKey),
    verifyingShares: verifyingShares.map(bytesToHex),
    transcript,
    chaincode: chaincodeOf(transcript),
  };
}

/** A keyset from a seed by a dealer: the same numbers on each run, and much faster than the ceremony. */
export function dealKeyset(seed: string, participants: Participants, threshold: number): TestKeyset {
  const ids = idsOf(participants);
  const coefficients = Array.from({ length: threshold }, (_, index) =>
    Fn.create(BigInt(`0x${bytesToHex(sha256(concatBytes(utf8ToBytes(`${seed}/${index}`))))}`)),
  );
  const at = (x: number) =>
    coefficients.reduceRight((sum, coefficient) => Fn.add(Fn.mul(sum, BigInt(x)), coefficient), 0n);
  const secrets = ids.map(at);
  const publish = (secret: bigint) => Point.BASE.multiply(secret).toBytes();
  return {
    key: packageOf(seed, threshold, ids, publish(at(0)), secrets.map(publish)),
    shares: secrets.map(scalarBytes),
  };
}

/** A keyset by the whole key generation, every message handed over in memory; `results` are what each participant has. */
export function generateKeyset(
  suite: SigningSuite,
  seed: string,
  participants: Participants,
  threshold: number,
): TestKeyset & { readonly results: readonly KeygenResult[]; readonly constantTerms: readonly Uint8Array[] } {
  const ids = idsOf(participants);
  const sessions = ids.map((id) => suite.startKeygen(id, ids, threshold));
  const nth = (index: number) => ids[index] ?? validatorId(0);
  const round1 = new Map(sessions.map((session, index) => [nth(index), session.round1]));
  const sent = sessions.map((session) => session.receiveCommitments(round1));
  const results = sessions.map((session, index) => {
    const self = nth(index);
    const mine = ids
      .filter((id) => id !== self)
      .map((id): [ValidatorId, Uint8Array] => {
        const share = sent[ids.indexOf(id)]?.get(self);
        if (share === undefined) throw new Error(`no share from ${id} to ${self}`);
        return [id, share];
      });
    return session.receiveShares(new Map(mine));
  });
  const [first] = results;
  if (first === undefined) throw new Error('a key generation has participants');
  for (const result of results) {
    const same = (a: Uint8Array, b: Uint8Array | undefined) => b !== undefined && equalBytes(a, b);
    if (
      !same(first.groupKey, result.groupKey) ||
      !first.verifyingShares.every((share, i) => same(share, result.verifyingShares[i]))
    ) {
      throw new Error('participants of one key generation ended with different public keys');
    }
  }
  return {
    key: packageOf(seed, threshold, ids, first.groupKey, first.verifyingShares),
    shares: results.map((result) => result.share),
    results,
    constantTerms: sessions.flatMap((session) => session.round1.commitments.slice(0, 1)),
  };
}
