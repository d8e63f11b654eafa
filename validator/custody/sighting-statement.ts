import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type Envelope,
  Round,
  type SightingSchema,
  SightingsSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { MESSAGE_BYTES_MAX } from '../../wire/envelope.ts';
import type { SightingReport } from './agent.ts';
import type { AgentParts } from './parts.ts';
import { ABOUT_NOTHING, say } from './statements.ts';

/** What was seen of one identity; the proof stays out where it would be repeated every few seconds. */
export const sightingMessage = (
  { validator, addresses, journals, firstAtMs, lastAtMs }: SightingReport,
  statements: readonly Envelope[] = [],
): MessageInitShape<typeof SightingSchema> => ({
  validator,
  addresses,
  journals,
  firstAtMs: BigInt(firstAtMs),
  lastAtMs: BigInt(lastAtMs),
  statements: [...statements],
});

/** Of an envelope without its payload, at most. */
const ENVELOPE_BYTES = 1_024;
/** What an answer has left for proofs, besides everything else. */
const PROOFS_BYTES_MAX = MESSAGE_BYTES_MAX - 65_536;

/**
 * Signed: what this validator has seen of one validator, or of all (0), each with the two statements that prove it. Proofs of all that do
 * not fit together are left out from the last on; of one validator it fits.
 */
export const sightingsStatement = (
  parts: Pick<AgentParts, 'genesis' | 'self' | 'identity'>,
  reports: readonly SightingReport[],
  validator: number,
): Envelope => {
  let bytes = 0;
  return say(parts, Round.SIGHTINGS, ABOUT_NOTHING, SightingsSchema, {
    sightings: reports
      .filter((report) => validator === 0 || report.validator === validator)
      .map((report) => {
        bytes += report.proof.reduce((sum, { payload }) => sum + payload.length + ENVELOPE_BYTES, 0);
        return sightingMessage(report, bytes > PROOFS_BYTES_MAX ? [] : report.proof);
      }),
  });
};
