import { fromBinary } from '@bufbuild/protobuf';
import { sealEnvelope } from '../../../wire/envelope.ts';
import { type Envelope, EnvelopeHeaderSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { TestFleet } from './agents.ts';
import { senderOf } from './ceremonies.ts';

/** What a validator that lies would have signed: the same header but for the payload, and a valid signature of its own. */
export function forge({ network }: TestFleet, envelope: Envelope, change: (payload: Uint8Array) => void): Envelope {
  const from = senderOf(envelope);
  const host = network.hosts[from - 1];
  if (host === undefined) throw new Error(`there is no validator ${from} in this test`);
  const payload = Uint8Array.from(envelope.payload);
  change(payload);
  const { suite, keyset, epoch, ceremony, round } = fromBinary(EnvelopeHeaderSchema, envelope.header);
  return sealEnvelope(network.genesis, from, host.key, { suite, keyset, epoch, ceremony, round }, payload);
}

/** The last byte of the last commitment: 66 bytes of the id of what was locked stand behind it. */
export const flipCommitmentByte = (payload: Uint8Array): void => {
  payload[payload.length - 67] = (payload.at(-67) ?? 0) ^ 1;
};

/** The last byte of the last encrypted share: 34 bytes of the view stand behind it. */
export const flipShareByte = (payload: Uint8Array): void => {
  payload[payload.length - 35] = (payload.at(-35) ?? 0) ^ 1;
};

/** The last byte of the last share, which the caller knows not to overflow. */
export const shiftLastByte = (payload: Uint8Array, by: number): void => {
  payload[payload.length - 1] = (payload.at(-1) ?? 0) + by;
};

/** The prefix of the first point, after two protobuf headers of two bytes. */
export const noPoint = (payload: Uint8Array): void => {
  payload[4] = 0x09;
};
