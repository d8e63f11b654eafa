import { expect, test } from '@jest/globals';
import type { DKG_Secret } from '@noble/curves/abstract/frost.js';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { validatorId } from '../../domain/network/network.ts';
import { commitmentHolds } from '../../threshold/verify/proof-of-knowledge.ts';
import { parseScalar } from '../../threshold/verify/curve.ts';
import { readVectors } from './data.ts';

type Participant = {
  readonly identifier: number;
  readonly signing_key: string;
  readonly coefficient: string;
  readonly vss_commitments: readonly string[];
  readonly proof_of_knowledge: string;
  readonly signing_shares: Readonly<Record<string, string>>;
  readonly verifying_share: string;
  readonly signing_share: string;
};
const { inputs } = JSON.parse(readVectors('frost-secp256k1-tr-keygen.json')) as {
  inputs: { readonly verifying_key: string } & Readonly<Record<'1' | '2' | '3', Participant>>;
};
const participants = [inputs['1'], inputs['2'], inputs['3']];
const identifier = (id: number) => schnorr_FROST.Identifier.fromNumber(id);
const round1 = participants.map((entry) => ({
  identifier: identifier(entry.identifier),
  commitment: entry.vss_commitments.map((text) => Uint8Array.from(hexToBytes(text))),
  proofOfKnowledge: Uint8Array.from(hexToBytes(entry.proof_of_knowledge)),
}));

test('our check accepts the proofs of the vector for their own participants only', () => {
  for (const owner of participants) {
    const sent = {
      commitments: owner.vss_commitments.map((text) => hexToBytes(text)),
      proofOfKnowledge: hexToBytes(owner.proof_of_knowledge),
    };
    for (const { identifier: id } of participants) {
      expect(commitmentHolds(validatorId(id), 2, sent)).toBe(id === owner.identifier);
    }
    expect(commitmentHolds(validatorId(owner.identifier), 3, sent)).toBe(false);
  }
});

test.each(participants)('participant $identifier sends and ends with what the vector says', (self) => {
  const others = round1.filter((entry) => entry.identifier !== identifier(self.identifier));
  const secret: DKG_Secret = {
    identifier: BigInt(self.identifier),
    coefficients: [self.signing_key, self.coefficient].map((text) => parseScalar(hexToBytes(text), 'a coefficient')),
    commitment: self.vss_commitments.map((text) => Uint8Array.from(hexToBytes(text))),
    signers: { min: 2, max: 3 },
    step: 1,
  };
  const sent = schnorr_FROST.DKG.round2(secret, others);
  for (const receiver of participants) {
    if (receiver === self) continue;
    const share = sent[identifier(receiver.identifier)]?.signingShare ?? new Uint8Array(0);
    expect(bytesToHex(share)).toBe(receiver.signing_shares[String(self.identifier)]);
  }
  const received = Object.entries(self.signing_shares).map(([sender, share]) => ({
    identifier: identifier(Number(sender)),
    signingShare: Uint8Array.from(hexToBytes(share)),
  }));
  const key = schnorr_FROST.DKG.round3(secret, others, received);
  expect(bytesToHex(key.secret.signingShare)).toBe(self.signing_share);
  expect(bytesToHex(key.public.commitments[0] ?? new Uint8Array(0))).toBe(inputs.verifying_key);
  for (const { identifier: id, verifying_share: expected } of participants) {
    expect(bytesToHex(key.public.verifyingShares[identifier(id)] ?? new Uint8Array(0))).toBe(expected);
  }
});
