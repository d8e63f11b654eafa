import { randomBytes } from 'node:crypto';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type CeremonyId,
  ceremonyId,
  type KeyCertificate,
  type KeyOrigin,
  type KeysetId,
  keysetOf,
  type PublicKeyPackage,
} from '../../../domain/ceremony/ceremony.ts';
import { pinnedParticipants } from '../../../domain/ceremony/participants.ts';
import { selfTestMessage, selfTestTweak } from '../../../domain/ceremony/digests.ts';
import { digestOf, sha256Hex, TAGS } from '../../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import type { SignerCommitment } from '../../../threshold/suite.ts';
import { SUITE } from '../../../threshold/verify/signing-transcript.ts';
import { verifyingSuite } from '../../../threshold/verify/suite.ts';
import { encodeDocument, parsePublicKeyPackage } from '../../../wire/documents/index.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  KeygenParametersSchema,
  KeygenTranscriptSchema,
  PartialSignaturesSchema,
  SelfTestRequestSchema,
  SigningCommitmentsSchema,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { TestFleet } from './agents.ts';

export function keygenParameters(
  { genesis }: TestFleet,
  epoch: number,
  changes: MessageInitShape<typeof KeygenParametersSchema> = {},
) {
  const parameters = toBinary(
    KeygenParametersSchema,
    create(KeygenParametersSchema, {
      suite: SUITE,
      environment: genesis.environment,
      network: genesis.name,
      epoch,
      threshold: genesis.threshold,
      identities: genesis.validators.map(({ identity }) => fromHex(identity, 'identity', 32)),
      purpose: 'test',
      participants: pinnedParticipants(genesis),
      nonce: randomBytes(16),
      ...changes,
    }),
  );
  return { parameters, ceremony: ceremonyId('keygen', digestOf(TAGS.keygenParameters, parameters)) };
}

/** What a playbook's key has besides its epoch: who makes it, for which step of which run, on whose votes. */
export type VotedKey = {
  readonly participants: readonly ValidatorId[];
  readonly origin: KeyOrigin;
  readonly proof: Uint8Array;
};

/** Rounds 1 to 3 and the certificate that they add up to; every participant has sealed its share then. */
export async function makeKey(
  fleet: TestFleet,
  epoch = 1,
  voted?: VotedKey,
): Promise<{ ceremony: CeremonyId; certificate: KeyCertificate }> {
  const participants = voted?.participants ?? pinnedParticipants(fleet.genesis);
  const { parameters, ceremony } = keygenParameters(
    fleet,
    epoch,
    voted === undefined ? {} : { participants: [...participants], origin: voted.origin },
  );
  const proof = voted?.proof ?? new Uint8Array(0);
  const commitments = await fleet.askAll({ case: 'startKeygen', value: { parameters, proof } }, participants);
  const shares = await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } }, participants);
  const transcripts = await fleet.askAll({ case: 'finishKeygen', value: { ceremony, shares } }, participants);
  return { ceremony, certificate: certificateOf(transcripts) };
}

export function certificateOf(transcripts: readonly Envelope[]): KeyCertificate {
  const said = transcripts.map((envelope) => fromBinary(KeygenTranscriptSchema, envelope.payload));
  const packages = new Set(said.map(({ publicPackage }) => toHex(publicPackage)));
  if (packages.size !== 1) throw new Error(`${packages.size} different packages came out of one key generation`);
  return {
    package: parsePublicKeyPackage(said[0]?.publicPackage ?? new Uint8Array(0), 'package'),
    signatures: said.map(({ certificateSignature }, at) => ({
      validator: senderOf(transcripts[at] ?? create(EnvelopeSchema)),
      signature: toHex(certificateSignature),
    })),
  };
}

export type SelfTest = { readonly request: Uint8Array; readonly partials: Envelope[]; readonly signature: Uint8Array };

export async function runSelfTest(fleet: TestFleet, key: PublicKeyPackage): Promise<SelfTest> {
  const ceremony = newCeremony('selftest');
  const commitments = await fleet.askAll(
    { case: 'giveCommitments', value: { ceremony, keyset: key.keyset, count: 1 } },
    key.participants,
  );
  const request = toBinary(
    SelfTestRequestSchema,
    create(SelfTestRequestSchema, { ceremony, keyset: key.keyset, epoch: key.epoch, commitments }),
  );
  const partials = await fleet.askAll({ case: 'giveSelfTestPartial', value: { request } }, key.participants);
  const signature = verifyingSuite.aggregate(
    key,
    selfTestTweak(key),
    signersOf(commitments, 0),
    selfTestMessage(key, ceremony),
    sharesOf(partials, 0),
  );
  return { request, partials, signature };
}

/** From nothing to an active key on every validator. */
export async function activeKey(
  fleet: TestFleet,
  epoch = 1,
  voted?: VotedKey,
): Promise<{ keyset: KeysetId; certificate: KeyCertificate }> {
  const { ceremony, certificate } = await makeKey(fleet, epoch, voted);
  await fleet.askAll({ case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } });
  const test = await runSelfTest(fleet, certificate.package);
  await fleet.askAll({ case: 'activateKey', value: test });
  return { keyset: keysetOf(ceremony), certificate };
}

export const newCeremony = (kind: 'signing' | 'selftest'): CeremonyId => ceremonyId(kind, sha256Hex(randomBytes(32)));

export const senderOf = (envelope: Envelope): ValidatorId =>
  validatorId(fromBinary(EnvelopeHeaderSchema, envelope.header).from);

export const signersOf = (commitments: readonly Envelope[], input: number): SignerCommitment[] =>
  commitments.map((envelope) => {
    const pair = fromBinary(SigningCommitmentsSchema, envelope.payload).commitments[input];
    if (pair === undefined) throw new Error(`there is no commitment for input ${input}`);
    return { validator: senderOf(envelope), nonces: pair };
  });

export const sharesOf = (partials: readonly Envelope[], input: number): Map<ValidatorId, Uint8Array> =>
  new Map(
    partials.map((envelope) => [
      senderOf(envelope),
      fromBinary(PartialSignaturesSchema, envelope.payload).shares[input] ?? new Uint8Array(0),
    ]),
  );
