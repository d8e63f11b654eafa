import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { type Authority, seatOf, type Seat } from '../domain/committee/committee.ts';
import { voterId } from '../domain/committee/member-key.ts';
import type { Digest } from '../domain/encoding/digest.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { KeyAlgorithm } from '../domain/network/network.ts';
import { TokenSigner } from '../plugins/keystore/pkcs11/token-signer.ts';
import { isTokenKeyUri, parseTokenKeyUri } from '../plugins/keystore/pkcs11/token-uri.ts';
import { readSecretFile } from './files.ts';

/** A committee member's own key; the secret stays in here, or in its token. */
export type MemberKey = Disposable & {
  readonly algorithm: KeyAlgorithm;
  /** Public key as a committee lists it. */
  readonly key: string;
  readonly voter: string;
  /** Signs the 32 bytes of a digest. */
  readonly sign: (digest: Digest) => string;
};

/** Length of the raw public key at the end of the SPKI form: RFC 8410, RFC 9881. */
const RAW_BYTES = { ed25519: 32, 'ml-dsa-65': 1_952 } as const;

/**
 * The key at a place: a file, or a token that a `pkcs11:` URI names. Its session with the token ends when it is disposed of.
 * Throws `input.key-file`, and for tokens what `parseTokenKeyUri` and `TokenSigner.open` throw.
 */
export const readMemberKey = async (place: string): Promise<MemberKey> =>
  isTokenKeyUri(place) ? readTokenKey(place) : readKeyFile(place);

async function readTokenKey(text: string): Promise<MemberKey> {
  const signer = await TokenSigner.open(parseTokenKeyUri(text));
  return named(
    'ed25519',
    signer.publicKey,
    (digest) => signer.sign(digest),
    () => signer.close(),
  );
}

/** Ed25519 or ML-DSA-65 in PKCS#8 PEM, or a BIP340 secret as 64 hex characters; `input.key-file` for anything else. */
function readKeyFile(path: string): MemberKey {
  const bytes = readSecretFile(path, 'member key');
  try {
    const text = bytes.toString('latin1').trim();
    return /^[0-9a-f]{64}$/.test(text) ? fromSchnorr(fromHex(text, 'member key', 32)) : fromPem(bytes);
  } catch (error) {
    throw new FirebreakFailure(
      'input.key-file',
      `member key ${path} is neither an Ed25519 or ML-DSA-65 key in PEM form nor a secp256k1 key of 64 hexadecimal characters`,
      { path },
      { cause: error },
    );
  } finally {
    bytes.fill(0);
  }
}

function fromPem(bytes: Buffer): MemberKey {
  const key = createPrivateKey(bytes);
  const algorithm = key.asymmetricKeyType;
  if (algorithm !== 'ed25519' && algorithm !== 'ml-dsa-65') throw new Error(`it is a ${algorithm} key`);
  return named(algorithm, rawPublicHex(key, RAW_BYTES[algorithm]), (digest) =>
    sign(null, fromHex(digest, 'digest', 32), key).toString('hex'),
  );
}

const rawPublicHex = (key: KeyObject, bytes: number): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-bytes).toString('hex');

const fromSchnorr = (secret: Uint8Array): MemberKey =>
  named('secp256k1', toHex(schnorr.getPublicKey(secret)), (digest) =>
    toHex(schnorr.sign(fromHex(digest, 'digest', 32), secret, randomBytes(32))),
  );

const named = (
  algorithm: KeyAlgorithm,
  key: string,
  signer: MemberKey['sign'],
  close: () => void = () => undefined,
): MemberKey => ({
  algorithm,
  key,
  voter: voterId({ key, ...(algorithm === 'ed25519' ? {} : { algorithm }) }),
  sign: signer,
  [Symbol.dispose]: close,
});

/** The seat that this key speaks for; `input.key-seatless` when it has none. */
export function seatOfKey(member: MemberKey, committee: Authority['committee'], place: string): Seat {
  const seat = seatOf(committee, member.voter);
  if (seat !== undefined) return seat;
  throw new FirebreakFailure(
    'input.key-seatless',
    `the key in ${place} has no seat in the committee of epoch ${committee.epoch}`,
  );
}

/** What whoever signs once more with the same key is told: the signature is made anew, and the seat counts once. */
export const signedBefore = (
  signatures: readonly { readonly member: string }[],
  { voter }: Pick<MemberKey, 'voter'>,
  name: string,
): readonly string[] =>
  signatures.some(({ member }) => member === voter) ? [`${name} had signed this already, and counts once`] : [];
