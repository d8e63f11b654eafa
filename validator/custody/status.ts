import { type Envelope, Round, ValidatorStatusSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { LastKnown } from './last-known.ts';
import { orderStateMessage } from './orders.ts';
import type { AgentParts } from './parts.ts';
import type { Standing } from './standing.ts';
import type { Sightings } from './sightings.ts';
import { sightingMessage } from './sighting-statement.ts';
import type { OwnSpeaker } from './speaker.ts';
import { ABOUT_NOTHING, decode, say } from './statements.ts';

/** What this validator says about itself, signed, at this moment. */
export function statusStatement(
  parts: AgentParts,
  standing: Standing,
  known: LastKnown,
  own: OwnSpeaker,
  sightings: Pick<Sightings, 'hear' | 'reports'>,
): Envelope {
  // A key without a certificate says nothing to anybody, and it may never get one.
  const keysets = known
    .keysets()
    .filter(({ state }) => state !== 'proposed')
    .map(({ keyset, epoch, state, sealedShare }) => ({ keyset, epoch, state, share: sealedShare !== undefined }));
  const { tip } = parts.chain.status();
  const atMs = parts.clock();
  const envelope = say(parts, Round.STATUS, ABOUT_NOTHING, ValidatorStatusSchema, {
    state: standing.state,
    reasons: [...standing.reasons],
    tipHash: tip.hash,
    tipHeight: tip.height,
    orders: orderStateMessage(known.orders()),
    keysets,
    version: parts.version,
    uptimeSeconds: BigInt(Math.max(0, Math.floor((atMs - own.startedAtMs) / 1_000))),
    atMs: BigInt(atMs),
    committeeEpoch: parts.authority().committee.epoch,
    speaker: own.next(),
    sightings: sightings.reports().map((report) => sightingMessage(report)),
  });
  const status = decode(ValidatorStatusSchema, envelope.payload);
  if (status !== undefined) sightings.hear({ from: parts.self, envelope }, status);
  return envelope;
}
