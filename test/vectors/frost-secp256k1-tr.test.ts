import { expect, test } from '@jest/globals';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import type { KeysetId, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { digestOf, TAGS } from '../../domain/encoding/digest.ts';
import { validatorId } from '../../domain/network/network.ts';
import { identifierOf } from '../../threshold/session/participant.ts';
import { signingSuite } from '../../threshold/session/suite.ts';
import type { SignerCommitment } from '../../threshold/suite.ts';
import { failureFrom } from '../../threshold/testkit/failing.ts';
import { Fn, liftX, parsePoint, parseScalar, Point, scalarBytes } from '../../threshold/verify/curve.ts';
import { chaincodeOf } from '../../domain/ceremony/digests.ts';
import { checkPackage } from '../../threshold/verify/key-package.ts';
import { commitmentHolds } from '../../threshold/verify/proof-of-knowledge.ts';
import { signingTranscript } from '../../threshold/verify/signing-transcript.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { idsUpTo } from '../../threshold/testkit/keyset.ts';
import { vaultKey } from '../../threshold/verify/vault-key.ts';
import { givenRandomness, readFrostVectors, readVectors } from './data.ts';

const vectors = readFrostVectors('frost-secp256k1-tr.json');
const { inputs } = vectors;
const message = hexToBytes(inputs.message);
const transcript = digestOf(TAGS.keygenTranscript);
const shareOf = (id: number) => hexToBytes(inputs.participant_shares[id - 1]?.participant_share ?? '');

const key: PublicKeyPackage = {
  suite: 'FROST-secp256k1-SHA256-TR-v1',
  keyset: transcript.slice(0, 32) as KeysetId,
  epoch: 1,
  threshold: Number(vectors.config.MIN_PARTICIPANTS),
  participants: idsUpTo(Number(vectors.config.MAX_PARTICIPANTS)),
  groupKey: inputs.verifying_key_key,
  verifyingShares: inputs.participant_shares.map(({ participant_share: text }) =>
    bytesToHex(Point.BASE.multiply(parseScalar(hexToBytes(text), 'a share')).toBytes()),
  ),
  transcript,
  chaincode: chaincodeOf(transcript),
};
const { outputs } = vectors.round_one_outputs;
const signers: SignerCommitment[] = outputs.map((output) => ({
  validator: validatorId(output.identifier),
  nonces: { hiding: hexToBytes(output.hiding_nonce_commitment), binding: hexToBytes(output.binding_nonce_commitment) },
}));

test('the keys of the vector are a sound package', () => {
  expect(checkPackage(key)).toEqual({ ok: true, value: key });
});

test('nonces come from the randomness of the vector and the share', () => {
  for (const output of outputs) {
    const { nonces } = schnorr_FROST.commit(
      { identifier: schnorr_FROST.Identifier.fromNumber(output.identifier), signingShare: shareOf(output.identifier) },
      givenRandomness(output.hiding_nonce_randomness, output.binding_nonce_randomness),
    );
    expect([bytesToHex(nonces.hiding), bytesToHex(nonces.binding)]).toEqual([
      output.hiding_nonce,
      output.binding_nonce,
    ]);
  }
});

test('our transcript has the binding factors of the vector', () => {
  const made = signingTranscript(key, vaultKey(key, undefined), signers, message);
  for (const output of outputs) {
    expect(made.of(validatorId(output.identifier))?.bindingFactor).toBe(BigInt(`0x${output.binding_factor}`));
  }
});

test('our signer, verifier and aggregator give the shares and the signature of the vector', () => {
  const partials = new Map(
    outputs.map((output) => {
      const self = validatorId(output.identifier);
      const secret = concatBytes(hexToBytes(output.hiding_nonce), hexToBytes(output.binding_nonce));
      return [self, signingSuite.signShare(key, undefined, self, shareOf(self), secret, signers, message)] as const;
    }),
  );
  expect([...partials.values()].map(bytesToHex)).toEqual(
    vectors.round_two_outputs.outputs.map(({ sig_share }) => sig_share),
  );
  for (const [id, partial] of partials) {
    expect(verifyingSuite.verifyPartial(key, undefined, signers, message, id, partial)).toBe(true);
  }
  const signature = verifyingSuite.aggregate(key, undefined, signers, message, partials);
  expect(bytesToHex(signature)).toBe(vectors.final_output.sig);
  const { outputKey } = verifyingSuite.deriveOutput(key, undefined);
  expect(verifyingSuite.verifySignature(outputKey, message, signature)).toBe(true);
});

test('the invalid element is refused as a commitment and as a key', () => {
  const { elements } = JSON.parse(readVectors('frost-secp256k1-tr-elements.json')) as {
    elements: { invalid_element: string };
  };
  expect(failureFrom(() => parsePoint(elements.invalid_element, 'the element')).code).toBe('input.point');
  const element = hexToBytes(elements.invalid_element);
  const spoilt = signers.map((entry, i) =>
    i === 0 ? { ...entry, nonces: { ...entry.nonces, hiding: element } } : entry,
  );
  const partials = new Map(signers.map(({ validator }) => [validator, new Uint8Array(32)]));
  expect(failureFrom(() => verifyingSuite.aggregate(key, undefined, spoilt, message, partials)).code).toBe(
    'input.point',
  );
});

test('identifiers, points, scalars and proofs of knowledge are written as in the samples', () => {
  const samples = JSON.parse(readVectors('frost-secp256k1-tr-samples.json')) as Readonly<
    Record<'identifier' | 'proof_of_knowledge' | 'element1' | 'element2' | 'scalar1', string>
  >;
  expect(identifierOf(validatorId(42))).toBe(samples.identifier);
  for (const [text, point] of [
    [samples.element1, Point.BASE],
    [samples.element2, Point.BASE.double()],
  ] as const) {
    expect(parsePoint(text, 'an element').equals(point)).toBe(true);
    expect(bytesToHex(point.toBytes())).toBe(text);
  }
  const third = parseScalar(hexToBytes(samples.scalar1), 'the scalar');
  expect(Fn.mul(third, 3n)).toBe(1n);
  expect(bytesToHex(scalarBytes(third))).toBe(samples.scalar1);
  // The nonce by its x alone, then the response. Well written is not proved: it does not hold for the point beside it.
  const proof = hexToBytes(samples.proof_of_knowledge);
  expect(liftX(proof.subarray(0, 32), 'the nonce').equals(Point.BASE)).toBe(true);
  expect(parseScalar(proof.subarray(32), 'the response')).toBe(third);
  const sent = { commitments: [hexToBytes(samples.element1)], proofOfKnowledge: proof };
  expect(commitmentHolds(validatorId(42), 1, sent)).toBe(false);
});
