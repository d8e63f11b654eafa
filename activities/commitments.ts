import { fromBinary } from '@bufbuild/protobuf';
import type { Refusal } from '../domain/errors/failure.ts';
import { validatorId } from '../domain/network/network.ts';
import type { SignerCommitment } from '../threshold/suite.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  SigningCommitmentsSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';

/** A commitment statement with exactly one pair of points per input; whether the points are valid, the suite checks. */
export function checkCommitments(payload: Uint8Array, count: number): Refusal | undefined {
  const { commitments } = fromBinary(SigningCommitmentsSchema, payload);
  const complete =
    commitments.length === count &&
    commitments.every(({ hiding, binding }) => hiding.length === 33 && binding.length === 33);
  return complete
    ? undefined
    : { code: 'input.commitments', message: `gave ${commitments.length} commitments instead of ${count}` };
}

/** The signer set of a request and what each signer committed to for one input. */
export const signersOf = (envelopes: readonly Envelope[], input: number): SignerCommitment[] =>
  envelopes.map((envelope) => {
    const { from } = fromBinary(EnvelopeHeaderSchema, envelope.header);
    const pair = fromBinary(SigningCommitmentsSchema, envelope.payload).commitments[input];
    const none = new Uint8Array(0);
    return { validator: validatorId(from), nonces: { hiding: pair?.hiding ?? none, binding: pair?.binding ?? none } };
  });
