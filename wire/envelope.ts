import { createPublicKey, sign, type KeyObject, verify } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { sha256 } from '@noble/hashes/sha2.js';
import { taggedHash, TAGS } from '../domain/encoding/digest.ts';
import { accept, refuse, type Verdict } from '../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../domain/network/network.ts';
import {
  type Envelope,
  type EnvelopeHeader,
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  type Round,
} from './generated/firebreak/v1/messages_pb.js';

/** Raised when the meaning of a field changes; a peer with another version is refused by name, not misread. */
export const WIRE_VERSION = 1;
export { MESSAGE_BYTES_MAX } from './stream/host-settings.ts';

/** Of an honest header some three hundred; fields that nobody knows would travel on in every message that carries the statement. */
const HEADER_BYTES_MAX = 1_024;

export type EnvelopeFields = {
  readonly suite: string;
  readonly keyset: string;
  readonly epoch: number;
  readonly ceremony: string;
  readonly round: Round;
  readonly to?: ValidatorId;
};

export type EnvelopeRefusal =
  | 'input.envelope-malformed'
  | 'input.envelope-version'
  | 'policy.envelope-environment'
  | 'policy.envelope-unlisted'
  | 'policy.envelope-signature'
  | 'policy.envelope-payload'
  | 'conflict.envelope-stale';

export type OpenedEnvelope = {
  readonly from: ValidatorId;
  readonly header: EnvelopeHeader;
  readonly payload: Uint8Array;
  readonly envelope: Envelope;
};

/** Signs one statement of validator `from`; `identity` is its Ed25519 host key. */
export function sealEnvelope(
  genesis: Pick<NetworkGenesis, 'environment' | 'name'>,
  from: ValidatorId,
  identity: KeyObject,
  fields: EnvelopeFields,
  payload: Uint8Array,
): Envelope {
  const header = toBinary(
    EnvelopeHeaderSchema,
    create(EnvelopeHeaderSchema, {
      wireVersion: WIRE_VERSION,
      suite: fields.suite,
      environment: genesis.environment,
      network: genesis.name,
      keyset: fields.keyset,
      epoch: fields.epoch,
      ceremony: fields.ceremony,
      round: fields.round,
      from,
      to: fields.to ?? 0,
      payloadDigest: sha256(payload),
    }),
  );
  return create(EnvelopeSchema, {
    header,
    payload,
    signature: sign(null, taggedHash(TAGS.envelope, header), identity),
  });
}

/**
 * Opens an envelope of the pinned roster. The ceremony, keyset, epoch and round that the reader expects must match exactly:
 * a valid statement about something else is stale here.
 */
export function openEnvelope(
  genesis: NetworkGenesis,
  envelope: Envelope,
  expected: Partial<Pick<EnvelopeFields, 'keyset' | 'epoch' | 'ceremony' | 'suite'>> & { readonly round: Round },
): Verdict<OpenedEnvelope, EnvelopeRefusal> {
  let header: EnvelopeHeader;
  if (envelope.header.length > HEADER_BYTES_MAX)
    return refuse('input.envelope-malformed', `envelope header has ${envelope.header.length} bytes`);
  try {
    header = fromBinary(EnvelopeHeaderSchema, envelope.header);
  } catch {
    return refuse('input.envelope-malformed', 'envelope header is not readable');
  }
  if (header.wireVersion !== WIRE_VERSION) {
    return refuse(
      'input.envelope-version',
      `envelope has wire version ${header.wireVersion}, this build speaks ${WIRE_VERSION}`,
    );
  }
  if (header.environment !== genesis.environment || header.network !== genesis.name) {
    return refuse('policy.envelope-environment', `envelope is for ${header.environment}/${header.network}`);
  }
  const sender = genesis.validators.find((entry) => entry.id === header.from);
  if (sender === undefined)
    return refuse('policy.envelope-unlisted', `envelope is from unlisted validator ${header.from}`);
  if (!Buffer.from(sha256(envelope.payload)).equals(header.payloadDigest)) {
    return refuse('policy.envelope-payload', `payload of validator ${header.from} does not match its header`);
  }
  if (!verifyIdentity(sender.identity, taggedHash(TAGS.envelope, envelope.header), envelope.signature)) {
    return refuse('policy.envelope-signature', `envelope is not signed by validator ${header.from}`);
  }
  for (const field of ['keyset', 'epoch', 'ceremony', 'suite', 'round'] as const) {
    const wanted = expected[field];
    if (wanted !== undefined && header[field] !== wanted) {
      return refuse(
        'conflict.envelope-stale',
        `envelope of validator ${header.from} has ${field} ${header[field]}, expected ${wanted}`,
      );
    }
  }
  return accept({ from: validatorId(header.from), header, payload: envelope.payload, envelope: bare(envelope) });
}

/** What is not signed is not carried on: an envelope may come with fields that nobody knows, of any weight. */
const bare = ({ header, payload, signature }: Envelope): Envelope =>
  create(EnvelopeSchema, { header, payload, signature });

const SPKI_ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex'); // RFC 8410 §4

/** Strict Ed25519 by the platform's own implementation (0.1 ms; noble takes 1.7). */
export function verifyIdentity(identityHex: string, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.concat([SPKI_ED25519_PREFIX, Buffer.from(identityHex, 'hex')]),
      format: 'der',
      type: 'spki',
    });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}
