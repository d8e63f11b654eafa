import { expect, test } from '@jest/globals';
import { secp256k1_FROST } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Fn, lagrangeAtZero, parseScalar, Point, scalarBytes } from '../../threshold/verify/curve.ts';
import { givenRandomness, readFrostVectors } from './data.ts';

const vectors = readFrostVectors('frost-secp256k1.json');
const { inputs } = vectors;
const identifier = (id: number) => secp256k1_FROST.Identifier.fromNumber(id);
const shareOf = (id: number) => {
  const entry = inputs.participant_shares.find((candidate) => candidate.identifier === id);
  if (entry === undefined) throw new Error(`no share of ${id}`);
  return hexToBytes(entry.participant_share);
};

/** The suite of the RFC itself: what ours shares with it is everything but challenge and signs. */
function signEverything() {
  const dealt = secp256k1_FROST.utils.generateSecretPolynomial(
    { min: 2, max: 3 },
    hexToBytes(inputs.group_secret_key),
    inputs.share_polynomial_coefficients.map((text) => parseScalar(hexToBytes(text), 'a coefficient')),
  );
  const pub = {
    signers: { min: 2, max: 3 },
    commitments: dealt.commitment,
    verifyingShares: Object.fromEntries(
      inputs.participant_shares.map(({ identifier: id }) => [
        identifier(id),
        Point.BASE.multiply(parseScalar(shareOf(id), 'a share')).toBytes(),
      ]),
    ),
  };
  const made = vectors.round_one_outputs.outputs.map((output) => ({
    output,
    ...secp256k1_FROST.commit(
      { identifier: identifier(output.identifier), signingShare: shareOf(output.identifier) },
      givenRandomness(output.hiding_nonce_randomness, output.binding_nonce_randomness),
    ),
  }));
  return { pub, made, list: made.map(({ commitments }) => commitments) };
}

test('the secret key interpolates from the shares of the signers', () => {
  const ids = inputs.participant_list;
  const terms = ids.map((id) => Fn.mul(lagrangeAtZero(ids, id), parseScalar(shareOf(id), 'a share')));
  expect(bytesToHex(scalarBytes(terms.reduce((sum, term) => Fn.add(sum, term))))).toBe(inputs.group_secret_key);
  const [, ...fewer] = ids;
  const wrong = fewer.map((id) => Fn.mul(lagrangeAtZero(fewer, id), parseScalar(shareOf(id), 'a share')));
  expect(bytesToHex(scalarBytes(wrong.reduce((sum, term) => Fn.add(sum, term))))).not.toBe(inputs.group_secret_key);
});

test('round one gives the nonces and commitments of the vector', () => {
  const { pub, made } = signEverything();
  expect(bytesToHex(pub.commitments[0] ?? new Uint8Array(0))).toBe(inputs.verifying_key_key);
  for (const { output, nonces, commitments } of made) {
    expect(bytesToHex(nonces.hiding)).toBe(output.hiding_nonce);
    expect(bytesToHex(nonces.binding)).toBe(output.binding_nonce);
    expect(bytesToHex(commitments.hiding)).toBe(output.hiding_nonce_commitment);
    expect(bytesToHex(commitments.binding)).toBe(output.binding_nonce_commitment);
  }
});

test('round two and aggregation give the shares and the signature of the vector', () => {
  const { pub, made, list } = signEverything();
  const message = hexToBytes(inputs.message);
  const shares = made.map(({ output, nonces }) => {
    const secret = { identifier: identifier(output.identifier), signingShare: shareOf(output.identifier) };
    return [secret.identifier, secp256k1_FROST.signShare(secret, pub, nonces, list, message)] as const;
  });
  expect(shares.map(([, share]) => bytesToHex(share))).toEqual(
    vectors.round_two_outputs.outputs.map(({ sig_share }) => sig_share),
  );
  const signature = secp256k1_FROST.aggregate(pub, list, message, Object.fromEntries(shares));
  expect(bytesToHex(signature)).toBe(vectors.final_output.sig);
});
