import { fromBinary } from '@bufbuild/protobuf';
import { fromHex } from '../domain/encoding/hex.ts';
import { refuse } from '../domain/errors/failure.ts';
import { type Envelope, EnvelopeSchema } from './generated/firebreak/v1/messages_pb.js';

export const malformedProof = (what: string) =>
  refuse('input.blame-proof', `this proof of a fault does not hold together: ${what}`);

/** One statement of a proof; undefined when these bytes are none. */
export function statementIn(hex: string): Envelope | undefined {
  try {
    return fromBinary(EnvelopeSchema, fromHex(hex, 'envelope'));
  } catch {
    return undefined;
  }
}
