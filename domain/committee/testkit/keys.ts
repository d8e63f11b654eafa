import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr } from '@noble/curves/secp256k1.js';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { documentDigest, TAGS } from '../../encoding/digest.ts';
import { fromHex, toHex } from '../../encoding/hex.ts';
import type { CommitteeKey, KeyAlgorithm } from '../../network/network.ts';
import { type Committee, type MemberSignature } from '../committee.ts';
import { voterId } from '../member-key.ts';

/** A key of a test: its public part as a committee lists it, and what it signs. */
export type TestKey = {
  readonly listed: CommitteeKey;
  readonly voter: string;
  readonly sign: (digest: string) => string;
};

/** The same key for the same name and algorithm in every run. */
export function testKey(name: string, algorithm: KeyAlgorithm = 'ed25519'): TestKey {
  const { key, sign } = KEYS[algorithm](secretOf(name, algorithm));
  const listed: CommitteeKey = { name, key: toHex(key), ...(algorithm === 'ed25519' ? {} : { algorithm }) };
  // Many cases start from the same signatures, and a post-quantum one takes a while.
  const signed = new Map<string, string>();
  const signOnce = (digest: string): string => {
    const known = signed.get(digest) ?? toHex(sign(fromHex(digest, 'digest', 32)));
    signed.set(digest, known);
    return known;
  };
  return { listed, voter: voterId(listed), sign: signOnce };
}

/** Secret or seed of a test key; it protects nothing. */
export const secretOf = (name: string, algorithm: KeyAlgorithm = 'ed25519'): Uint8Array =>
  fromHex(documentDigest(TAGS.selfTest, { name, algorithm }), 'seed', 32);

type Pair = { readonly key: Uint8Array; readonly sign: (message: Uint8Array) => Uint8Array };
const KEYS: Readonly<Record<KeyAlgorithm, (seed: Uint8Array) => Pair>> = {
  ed25519: (seed) => ({ key: ed25519.getPublicKey(seed), sign: (message) => ed25519.sign(message, seed) }),
  secp256k1: (seed) => ({ key: schnorr.getPublicKey(seed), sign: (message) => schnorr.sign(message, seed) }),
  'ml-dsa-65': (seed) => {
    const { publicKey, secretKey } = ml_dsa65.keygen(seed);
    return { key: publicKey, sign: (message) => ml_dsa65.sign(message, secretKey) };
  },
};

/** Seats `member-0` and on, with a deputy on every third; seat 1 is secp256k1, seat 2 ML-DSA-65, the rest Ed25519. */
export const principals: readonly TestKey[] = Array.from({ length: 12 }, (_unused, seat) =>
  testKey(`member-${seat}`, seat === 1 ? 'secp256k1' : seat === 2 ? 'ml-dsa-65' : 'ed25519'),
);
export const deputies: ReadonlyMap<number, TestKey> = new Map(
  [0, 3, 6, 9].map((seat) => [seat, testKey(`deputy-${seat}`)]),
);

export function committeeOf(
  epoch: number,
  seats: readonly number[],
  quorum: Committee['quorum'] = { freeze: 3, lift: 7, change: 7 },
): Committee {
  return {
    epoch,
    quorum,
    members: seats.map((seat) => {
      const deputy = deputies.get(seat);
      const key = principal(seat).listed;
      return deputy === undefined ? key : { ...key, deputy: deputy.listed };
    }),
  };
}

export function principal(seat: number): TestKey {
  const key = principals[seat];
  if (key === undefined) throw new Error(`no test key for seat ${seat}`);
  return key;
}

export function deputy(seat: number): TestKey {
  const key = deputies.get(seat);
  if (key === undefined) throw new Error(`seat ${seat} has no deputy`);
  return key;
}

export const signaturesBy = (keys: readonly TestKey[], digest: string): MemberSignature[] =>
  keys.map((key) => ({ member: key.voter, signature: key.sign(digest) }));
