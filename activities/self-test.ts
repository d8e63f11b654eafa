import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type CeremonyId, ceremonyId } from '../domain/ceremony/ceremony.ts';
import {
  certificateDigest,
  selfTestMessage,
  selfTestRequestDigest,
  selfTestTweak,
} from '../domain/ceremony/digests.ts';
import type { KeygenEvidence } from '../domain/ceremony/evidence.ts';
import { digestOf, TAGS } from '../domain/encoding/digest.ts';
import { toHex } from '../domain/encoding/hex.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import { parseProof } from '../wire/documents/index.ts';
import {
  ActivateKeySchema,
  KeyActiveSchema,
  PartialSignaturesSchema,
  Round,
  SelfTestRequestSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { requestBytes } from './asking.ts';
import { attempt } from './attempt.ts';
import { checkCommitments, commitmentsBytesMax, partialsBytesMax, signersOf } from './commitments.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ascending, envelopeHex, getCertificate, getEnvelopes, inOrder, putDocument } from './documents.ts';
import { gatherSlice, type Gathering, type Slice } from './gathering.ts';
import type { KeyReference, ProposedKey } from './keygen.ts';

export type SelfTestSession = {
  readonly ceremony: CeremonyId /** Wire `SelfTestRequest` bytes. */;
  readonly request?: BlobRef;
};

/** Everything a key generation said, by round; what `recordKeygen` turns into evidence. */
export type KeygenRecord = {
  readonly proposed: ProposedKey;
  readonly key: KeyReference;
  readonly commitments: BlobRef;
  readonly shares: BlobRef;
  readonly transcripts: BlobRef;
  readonly held: BlobRef;
  readonly selfTest: {
    readonly ceremony: CeremonyId;
    readonly request: BlobRef;
    readonly partials: BlobRef;
    readonly activation: BlobRef;
  };
  readonly active: BlobRef;
};

export function createSelfTestActivities(deps: ActivityDependencies) {
  return {
    /** Commitments of all participants for one signature that proves the key; `request` is there as soon as all have answered. */
    askSelfTestCommitments: (
      input: Slice & { key: KeyReference; session: string; hearAll?: boolean },
    ): Promise<{ gathering: Gathering; session: SelfTestSession }> =>
      attempt(deps, 'askSelfTestCommitments', async (now) => {
        const certificate = await getCertificate(deps, input.key, now);
        const ceremony = ceremonyId(
          'selftest',
          digestOf(TAGS.selfTest, Buffer.from(`${certificateDigest(certificate.package)}/${input.session}`)),
        );
        const { keyset, epoch } = input.key;
        const request = requestBytes(deps, { case: 'giveCommitments', value: { ceremony, keyset, count: 1 } });
        const { gathering, envelopes } = await gatherSlice(deps, now, input, {
          validators: certificate.package.participants,
          request: () => request,
          expected: { round: Round.SIGNING_COMMITMENTS, ceremony, keyset, epoch, suite: deps.suite.id },
          bytesMax: commitmentsBytesMax(1),
          judge: ({ payload }) => checkCommitments(payload, 1),
          ...(input.hearAll === true ? {} : { refusalsMax: 1 }),
        });
        if (envelopes.size < certificate.package.participants.length) return { gathering, session: { ceremony } };
        const bytes = toBinary(
          SelfTestRequestSchema,
          create(SelfTestRequestSchema, { ceremony, keyset, epoch, commitments: inOrder(envelopes) }),
        );
        return { gathering, session: { ceremony, request: await deps.blobs.put(bytes, now) } };
      }),

    /** Partial signatures of all participants; `activation` (wire `ActivateKey` bytes) is there once their sum verifies. */
    askSelfTestPartials: (
      input: Slice & { key: KeyReference; ceremony: CeremonyId; request: BlobRef; hearAll?: boolean },
    ): Promise<{ gathering: Gathering; activation?: BlobRef }> =>
      attempt(deps, 'askSelfTestPartials', async (now) => {
        const certificate = await getCertificate(deps, input.key, now);
        const requestOf = await deps.blobs.get(input.request, now);
        const digest = selfTestRequestDigest(requestOf);
        const { keyset, epoch } = input.key;
        const ask = requestBytes(deps, { case: 'giveSelfTestPartial', value: { request: requestOf } });
        const { gathering, envelopes } = await gatherSlice(deps, now, input, {
          validators: certificate.package.participants,
          request: () => ask,
          expected: { round: Round.SIGNING_PARTIAL, ceremony: input.ceremony, keyset, epoch, suite: deps.suite.id },
          bytesMax: partialsBytesMax(1),
          judge: ({ payload }) =>
            toHex(fromBinary(PartialSignaturesSchema, payload).requestDigest) === digest
              ? undefined
              : { code: 'conflict.partial', message: 'signed another self-test request' },
          ...(input.hearAll === true ? {} : { refusalsMax: 1 }),
        });
        if (envelopes.size < certificate.package.participants.length) return { gathering };
        const request = fromBinary(SelfTestRequestSchema, requestOf);
        const signature = deps.suite.aggregate(
          certificate.package,
          selfTestTweak(certificate.package),
          signersOf(request.commitments, 0),
          selfTestMessage(certificate.package, input.ceremony),
          new Map(
            ascending(envelopes).map(([validator, { payload }]) => [
              validator,
              fromBinary(PartialSignaturesSchema, payload).shares[0] ?? new Uint8Array(0),
            ]),
          ),
        );
        const activation = toBinary(
          ActivateKeySchema,
          create(ActivateKeySchema, { request: requestOf, partials: inOrder(envelopes), signature }),
        );
        return { gathering, activation: await deps.blobs.put(activation, now) };
      }),

    /** Each participant checks the self-test itself before it lets the key be used. */
    askActivation: (input: Slice & { key: KeyReference; activation: BlobRef }): Promise<Gathering> =>
      attempt(deps, 'askActivation', async (now) => {
        const certificate = await getCertificate(deps, input.key, now);
        const value = fromBinary(ActivateKeySchema, await deps.blobs.get(input.activation, now));
        const ask = requestBytes(deps, { case: 'activateKey', value });
        const digest = certificateDigest(certificate.package);
        const { gathering } = await gatherSlice(deps, now, input, {
          validators: certificate.package.participants,
          request: () => ask,
          expected: { round: Round.KEY_ACTIVE, keyset: input.key.keyset, epoch: input.key.epoch },
          judge: ({ payload }) =>
            toHex(fromBinary(KeyActiveSchema, payload).certificateDigest) === digest
              ? undefined
              : { code: 'conflict.certificate', message: 'activated another certificate for this keyset' },
        });
        return gathering;
      }),

    /** The whole public transcript as one document. */
    recordKeygen: (record: KeygenRecord): Promise<BlobRef> =>
      attempt(deps, 'recordKeygen', async (now) => {
        const hexes = async (ref: BlobRef) => inOrder(await getEnvelopes(deps, ref, now)).map(envelopeHex);
        const activation = fromBinary(ActivateKeySchema, await deps.blobs.get(record.selfTest.activation, now));
        const { proof } = record.proposed;
        const evidence: KeygenEvidence = {
          version: 1,
          kind: 'keygen',
          environment: deps.genesis.environment,
          network: deps.genesis.name,
          ceremony: record.proposed.ceremony,
          keyset: record.key.keyset,
          epoch: record.key.epoch,
          parametersHex: toHex(await deps.blobs.get(record.proposed.parameters, now)),
          commitments: await hexes(record.commitments),
          shares: await hexes(record.shares),
          transcripts: await hexes(record.transcripts),
          certificate: await getCertificate(deps, record.key, now),
          held: await hexes(record.held),
          selfTest: {
            ceremony: record.selfTest.ceremony,
            requestHex: toHex(activation.request),
            partials: await hexes(record.selfTest.partials),
            signatureHex: toHex(activation.signature),
          },
          active: await hexes(record.active),
          ...(proof === undefined ? {} : { proof: parseProof(await deps.blobs.get(proof, now), 'votes on the key') }),
        };
        return putDocument(deps, evidence, now);
      }),
  };
}
