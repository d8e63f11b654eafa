import { fromBinary } from '@bufbuild/protobuf';
import type { OpenedBlame, PartialProof } from '../domain/ceremony/blame.ts';
import { type CeremonyId, isCeremonyId } from '../domain/ceremony/ceremony.ts';
import { signingRequestDigest } from '../domain/ceremony/digests.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { accept, type Verdict } from '../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../domain/network/network.ts';
import { malformedProof, statementIn } from './blame-reading.ts';
import { openEnvelope } from './envelope.ts';
import {
  type NonceCommitment,
  type PartialSignatures,
  PartialSignaturesSchema,
  Round,
  type SigningRequest,
  SigningRequestSchema,
  SigningCommitmentsSchema,
} from './generated/firebreak/v1/messages_pb.js';

/**
 * A partial signature beside the request that it names. Every honest signer checks all statements of a request before it signs, so all must
 * be genuine here too: otherwise whoever makes up a request could have somebody sign what cannot hold.
 */
export function openPartial(genesis: NetworkGenesis, proof: PartialProof): Verdict<OpenedBlame> {
  const { certificate, terms, partial } = proof;
  const bytes = fromHex(proof.requestHex, 'request');
  const request = requestIn(bytes);
  if (request === undefined) return malformedProof('the signing request is not readable');
  const { keyset, epoch, ceremony, suite } = request;
  if (request.environment !== genesis.environment || request.network !== genesis.name)
    return malformedProof('the signing request is for another network');
  if (!isCeremonyId(ceremony) || !ceremony.startsWith('signing-'))
    return malformedProof('the request is about no signing');
  const envelope = statementIn(partial);
  if (envelope === undefined) return malformedProof('the partial signature is not readable');
  const about = { suite, keyset, epoch, ceremony };
  const signed = openEnvelope(genesis, envelope, { ...about, round: Round.SIGNING_PARTIAL });
  if (!signed.ok) return signed;
  const { from: by } = signed.value;
  const said = partialsIn(signed.value.payload);
  if (said === undefined || toHex(said.requestDigest) !== signingRequestDigest(bytes))
    return malformedProof(`${validatorName(by)} signed for another request than this`);
  const committed = new Map<ValidatorId, readonly NonceCommitment[]>();
  for (const commitments of request.commitments) {
    const opened = openEnvelope(genesis, commitments, { ...about, round: Round.SIGNING_COMMITMENTS });
    if (!opened.ok) return opened;
    if (committed.has(opened.value.from)) return malformedProof('a signer of the request is in it twice');
    committed.set(opened.value.from, pairsIn(opened.value.payload));
  }
  if (!committed.has(by)) return malformedProof(`${validatorName(by)} is no signer of this request`);
  return accept({
    kind: 'signing-partial',
    by,
    ceremony: ceremony as CeremonyId,
    certificate,
    terms,
    keyset,
    epoch,
    suite,
    transaction: request.transaction,
    inputs: request.inputs.map(({ vault, prevout }) => ({
      vault,
      script: toHex(prevout?.script ?? new Uint8Array(0)),
      amountSats: Number(prevout?.amountSats ?? 0n),
    })),
    committed,
    shares: said.shares,
  });
}

function requestIn(bytes: Uint8Array): SigningRequest | undefined {
  try {
    return fromBinary(SigningRequestSchema, bytes);
  } catch {
    return undefined;
  }
}

function partialsIn(payload: Uint8Array): PartialSignatures | undefined {
  try {
    return fromBinary(PartialSignaturesSchema, payload);
  } catch {
    return undefined;
  }
}

function pairsIn(payload: Uint8Array): readonly NonceCommitment[] {
  try {
    return fromBinary(SigningCommitmentsSchema, payload).commitments;
  } catch {
    return [];
  }
}
