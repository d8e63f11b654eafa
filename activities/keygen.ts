import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type CeremonyId,
  ceremonyId,
  type KeyCertificate,
  type KeyOrigin,
  type KeysetId,
  keysetOf,
  type PublicKeyPackage,
} from '../domain/ceremony/ceremony.ts';
import { certificateDigest, keygenView } from '../domain/ceremony/digests.ts';
import { judgeParticipants, pinnedParticipants } from '../domain/ceremony/participants.ts';
import { digestOf, TAGS } from '../domain/encoding/digest.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { failureOf, FirebreakFailure } from '../domain/errors/failure.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import { verifyCertificate } from '../threshold/verify/certificate.ts';
import { openingHolds } from '../threshold/verify/blame.ts';
import { parsePublicKeyPackage } from '../wire/documents/index.ts';
import {
  ActivateKeySchema,
  CertificateHeldSchema,
  KeygenCommitmentsSchema,
  KeygenParametersSchema,
  type KeygenTranscript,
  KeygenTranscriptSchema,
  Round,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { readKeygenShares } from '../wire/keygen-shares.ts';
import { hear, requestBytes, type SliceExpectation } from './asking.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ascending, getCertificate, getEnvelopes, inOrder, putDocument } from './documents.ts';
import { everyone, gatherSlice, type Gathering, type Slice } from './gathering.ts';

export type KeyReference = { readonly keyset: KeysetId; readonly epoch: number; readonly certificate: BlobRef };

export type ProposedKey = {
  readonly ceremony: CeremonyId;
  readonly keyset: KeysetId;
  readonly epoch: number;
  /** Wire `KeygenParameters` bytes: what all validators agree on before anything secret exists. */
  readonly parameters: BlobRef;
  /** The participants. */
  readonly validators: readonly ValidatorId[];
  /** The rest of the roster: it is told of the key and has no share of it. */
  readonly others: readonly ValidatorId[];
  /** RFC 8785 bytes of the votes, for a key that a run asked for. */
  readonly proof?: BlobRef;
};

/** Absent: the validators that are no spares, for a key that no playbook asked for. */
export type ProposeKeyInput = {
  readonly network: string;
  readonly epoch: number;
  readonly purpose: string;
  readonly nonce?: string;
  readonly participants?: readonly ValidatorId[];
  readonly origin?: KeyOrigin;
  readonly proof?: BlobRef;
};

/** The three rounds of a key generation, each needing all participants; `previous` is what the round before collected. */
export type KeygenRound = 'commitments' | 'shares' | 'transcript';
const ROUNDS: Readonly<Record<KeygenRound, Round>> = {
  commitments: Round.KEYGEN_COMMITMENTS,
  shares: Round.KEYGEN_SHARES,
  transcript: Round.KEYGEN_TRANSCRIPT,
};

/** Each round has a share, an opening or a verifying key of every participant; with more, what proves a fault could not be read by anybody. */
const BYTES_OF_PARTICIPANT_MAX = 192;
const BYTES_MAX = 4_096;

const TELL_MS = 5_000;

export function createKeygenActivities(deps: ActivityDependencies) {
  return {
    /** Draws the nonce of one ceremony and writes its parameters down; nothing is asked yet. */
    proposeKey: (input: ProposeKeyInput): Promise<ProposedKey> =>
      attempt(deps, 'proposeKey', async (now) => {
        requireNetwork(deps, input.network);
        const { genesis } = deps;
        const { origin, proof } = input;
        const wanted = input.participants ?? pinnedParticipants(genesis);
        const judged = judgeParticipants(wanted, origin, genesis);
        if (!judged.ok) throw failureOf(judged.refusal);
        const participants = judged.value;
        const parameters = toBinary(
          KeygenParametersSchema,
          create(KeygenParametersSchema, {
            suite: deps.suite.id,
            environment: deps.genesis.environment,
            network: deps.genesis.name,
            epoch: input.epoch,
            threshold: deps.genesis.threshold,
            identities: deps.genesis.validators.map(({ identity }) => fromHex(identity, 'identity', 32)),
            purpose: input.purpose,
            participants: [...participants],
            ...(origin === undefined ? {} : { origin: { ...origin } }),
            nonce: input.nonce === undefined ? deps.random(16) : fromHex(input.nonce, 'nonce', 16),
          }),
        );
        const ceremony = ceremonyId('keygen', digestOf(TAGS.keygenParameters, parameters));
        return {
          ceremony,
          keyset: keysetOf(ceremony),
          epoch: input.epoch,
          parameters: await deps.blobs.put(parameters, now),
          validators: participants,
          others: everyone(deps).filter((id) => !participants.includes(id)),
          ...(proof === undefined ? {} : { proof }),
        };
      }),

    /**
     * Asks every participant for its statement of one round. Asking again is harmless: the stored statement comes back. Without one of
     * them this ceremony cannot go on, so the first final no ends the round, unless `hearAll`: then everybody is heard, so that the
     * next ceremony knows whom to leave out.
     */
    askKeygenRound: (
      input: Slice & { key: ProposedKey; round: KeygenRound; previous?: BlobRef; hearAll?: boolean },
    ): Promise<Gathering> =>
      attempt(deps, 'askKeygenRound', async (now) => {
        const request = await roundRequest(deps, input, now);
        const { gathering } = await gatherSlice(deps, now, input, {
          validators: input.key.validators,
          request: () => request,
          expected: {
            round: ROUNDS[input.round],
            ceremony: input.key.ceremony,
            keyset: input.key.keyset,
            epoch: input.key.epoch,
            suite: deps.suite.id,
          },
          bytesMax: BYTES_MAX + input.key.validators.length * BYTES_OF_PARTICIPANT_MAX,
          ...(await lookAt(deps, input, now)),
          ...(input.hearAll === true ? {} : { refusalsMax: 1 }),
        });
        return gathering;
      }),

    /** All participants signed the same package, each signature by the pinned identity: only then is there a certificate. */
    certifyKey: (input: { key: ProposedKey; transcripts: BlobRef }): Promise<{ key: KeyReference; groupKey: string }> =>
      attempt(deps, 'certifyKey', async (now) => {
        const certificate = await assemble(deps, input.transcripts, now);
        const verified = verifyCertificate(certificate, deps.genesis);
        if (!verified.ok) throw failureOf(verified.refusal);
        const { keyset, epoch } = input.key;
        if (verified.value.keyset !== keyset || verified.value.epoch !== epoch) {
          throw new FirebreakFailure(
            'policy.certificate',
            `validators certified keyset ${verified.value.keyset}, not ${keyset}`,
          );
        }
        const blob = await putDocument(deps, certificate, now);
        return { key: { keyset, epoch, certificate: blob }, groupKey: certificate.package.groupKey };
      }),

    /** Hands the certificate to every participant, or asks whether they hold it (`say`). */
    askCertificateHeld: (input: Slice & { key: KeyReference; mode: 'hold' | 'say' }): Promise<Gathering> =>
      attempt(deps, 'askCertificateHeld', async (now) => {
        const certificate = await getCertificate(deps, input.key, now);
        const bytes = await deps.blobs.get(input.key.certificate, now);
        const request = requestBytes(
          deps,
          input.mode === 'hold'
            ? { case: 'holdCertificate', value: { certificate: bytes } }
            : { case: 'sayKeyset', value: { keyset: input.key.keyset } },
        );
        const digest = certificateDigest(certificate.package);
        const { gathering } = await gatherSlice(deps, now, input, {
          validators: certificate.package.participants,
          request: () => request,
          expected: { round: Round.KEYGEN_CERTIFICATE_HELD, keyset: input.key.keyset, epoch: input.key.epoch },
          judge: ({ payload }) =>
            toHex(fromBinary(CertificateHeldSchema, payload).certificateDigest) === digest
              ? undefined
              : { code: 'conflict.certificate', message: 'holds another certificate for this keyset' },
        });
        return gathering;
      }),

    /**
     * Tells validators that have no share of a key about it, so that they can judge what others do with it. Nobody waits for them: who
     * misses it is told by whatever needs it there.
     */
    tellOthersOfKey: (input: {
      key: KeyReference;
      others: readonly ValidatorId[];
      activation: BlobRef;
    }): Promise<{ told: readonly ValidatorId[] }> =>
      attempt(deps, 'tellOthersOfKey', async (now) => {
        const certificate = await deps.blobs.get(input.key.certificate, now);
        const value = fromBinary(ActivateKeySchema, await deps.blobs.get(input.activation, now));
        const tell = (round: Round, validators: readonly ValidatorId[], body: Parameters<typeof requestBytes>[1]) =>
          inPassing(deps, now, input.key, round, validators, requestBytes(deps, body));
        const holding = await tell(Round.KEYGEN_CERTIFICATE_HELD, input.others, {
          case: 'holdCertificate',
          value: { certificate },
        });
        return { told: await tell(Round.KEY_ACTIVE, holding, { case: 'activateKey', value }) };
      }),
  };
}

/** Whoever answers at once with the statement that was asked for. */
async function inPassing(
  deps: ActivityDependencies,
  now: Attempt,
  { keyset, epoch }: KeyReference,
  round: Round,
  validators: readonly ValidatorId[],
  request: Uint8Array,
): Promise<readonly ValidatorId[]> {
  if (validators.length === 0) return [];
  const { idempotencyKey, signal } = now;
  const context = { idempotencyKey: `${idempotencyKey}/${round}`, signal, deadlineMs: deps.clock() + TELL_MS };
  const said = await deps.network.askMany(new Map(validators.map((validator) => [validator, request])), context);
  const expected = { round, keyset, epoch };
  return said.flatMap((answer) =>
    answer.ok && 'opened' in hear(deps, answer.validator, answer.response, { expected }) ? [answer.validator] : [],
  );
}

/** The refusal of a process that was started on the wrong coordinator. */
export function requireNetwork(deps: Pick<ActivityDependencies, 'genesis'>, network: string): void {
  if (network !== deps.genesis.name) {
    throw new FirebreakFailure('input.other-network', `this coordinator serves ${deps.genesis.name}, not ${network}`, {
      network: deps.genesis.name,
    });
  }
}

/** What the coordinator can check of a round itself, so that nobody's word is needed about it. */
async function lookAt(
  deps: ActivityDependencies,
  { key, round, previous }: { readonly key: ProposedKey; readonly round: KeygenRound; readonly previous?: BlobRef },
  now: Attempt,
): Promise<Pick<SliceExpectation, 'judge' | 'objection'>> {
  if (round === 'transcript') return { objection: Round.KEYGEN_COMPLAINT };
  if (round === 'commitments') {
    return {
      judge: ({ from, payload }) =>
        openingHolds(from, deps.genesis.threshold, fromBinary(KeygenCommitmentsSchema, payload))
          ? undefined
          : { code: 'signer-fault.keygen-commitments', message: 'its commitments do not hold' },
    };
  }
  const headers = inOrder(await getEnvelopes(deps, previous, now)).map(({ header }) => header);
  const view = keygenView(await deps.blobs.get(key.parameters, now), headers);
  return {
    judge: ({ from, payload }) => {
      const sent = readKeygenShares(payload, from, key.validators, view);
      return typeof sent === 'string'
        ? { code: 'signer-fault.keygen-message', message: `its shares have a wrong ${sent}` }
        : undefined;
    },
  };
}

async function roundRequest(
  deps: ActivityDependencies,
  input: { key: ProposedKey; round: KeygenRound; previous?: BlobRef },
  now: Attempt,
): Promise<Uint8Array> {
  if (input.round === 'commitments') {
    return requestBytes(deps, {
      case: 'startKeygen',
      value: {
        parameters: await deps.blobs.get(input.key.parameters, now),
        proof: input.key.proof === undefined ? new Uint8Array(0) : await deps.blobs.get(input.key.proof, now),
      },
    });
  }
  const previous = inOrder(await getEnvelopes(deps, input.previous, now));
  const { ceremony } = input.key;
  return input.round === 'shares'
    ? requestBytes(deps, { case: 'keygenShares', value: { ceremony, commitments: previous } })
    : requestBytes(deps, { case: 'finishKeygen', value: { ceremony, shares: previous } });
}

async function assemble(deps: ActivityDependencies, transcripts: BlobRef, now: Attempt): Promise<KeyCertificate> {
  const statements = ascending(await getEnvelopes(deps, transcripts, now)).map(
    ([validator, envelope]) => [validator, fromBinary(KeygenTranscriptSchema, envelope.payload)] as const,
  );
  const agreed = majority(statements);
  const culprits = statements
    .filter(([, said]) => toHex(said.publicPackage) !== agreed)
    .map(([validator]) => validator);
  if (culprits.length > 0) {
    throw new FirebreakFailure(
      'signer-fault.keygen-package',
      `validators ${culprits.join(', ')} signed another package`,
      { culprits },
    );
  }
  const key: PublicKeyPackage = parsePublicKeyPackage(fromHex(agreed, 'public package'), 'the agreed public package');
  return {
    package: key,
    signatures: statements.map(([validator, said]) => ({ validator, signature: toHex(said.certificateSignature) })),
  };
}

function majority(statements: readonly (readonly [ValidatorId, KeygenTranscript])[]): string {
  const counts = new Map<string, number>();
  for (const [, said] of statements) {
    const text = toHex(said.publicPackage);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
