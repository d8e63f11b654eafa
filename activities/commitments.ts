import { fromBinary } from '@bufbuild/protobuf';
import type { Refusal } from '../domain/errors/failure.ts';
import { validatorId } from '../domain/network/network.ts';
import type { SignerCommitment } from '../threshold/suite.ts';
import { parsePoint } from '../threshold/verify/curve.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  SigningCommitmentsSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';

/** Two points with their tags and lengths, and what stands beside them. What is longer would be sent to every signer. */
const BYTES_OF_PAIR_MAX = 72;
const BYTES_MAX = 512;
export const commitmentsBytesMax = (count: number): number => BYTES_MAX + count * BYTES_OF_PAIR_MAX;

/** A share with its tag and length, and the digest of the request with what stands beside it. What is longer would be in all evidence. */
const BYTES_OF_SHARE_MAX = 34;
export const partialsBytesMax = (count: number): number => BYTES_MAX + count * BYTES_OF_SHARE_MAX;

/**
 * A commitment statement with exactly one pair of points per input, from a validator that has locked the outputs for this transaction (none
 * in a self-test). Every signer refuses a request with anything else in it, so it is seen to here before it spoils a session for all.
 */
export function checkCommitments(payload: Uint8Array, count: number, txid = ''): Refusal | undefined {
  const { commitments, locked } = fromBinary(SigningCommitmentsSchema, payload);
  if (locked !== txid)
    return { code: 'policy.signing-locks', message: 'committed without having locked the outputs for the transaction' };
  const complete =
    commitments.length === count && commitments.every(({ hiding, binding }) => isPoint(hiding) && isPoint(binding));
  return complete
    ? undefined
    : { code: 'input.commitments', message: `gave ${commitments.length} commitments instead of ${count}` };
}

function isPoint(bytes: Uint8Array): boolean {
  try {
    parsePoint(bytes, 'a commitment');
    return true;
  } catch {
    return false;
  }
}

/** The signer set of a request and what each signer committed to for one input. */
export const signersOf = (envelopes: readonly Envelope[], input: number): SignerCommitment[] =>
  envelopes.map((envelope) => {
    const { from } = fromBinary(EnvelopeHeaderSchema, envelope.header);
    const pair = fromBinary(SigningCommitmentsSchema, envelope.payload).commitments[input];
    const none = new Uint8Array(0);
    return { validator: validatorId(from), nonces: { hiding: pair?.hiding ?? none, binding: pair?.binding ?? none } };
  });
