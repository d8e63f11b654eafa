import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import { SUITE } from '../../threshold/verify/signing-transcript.ts';
import { sealEnvelope } from '../../wire/envelope.ts';
import { type Envelope, ResponseSchema, type Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentDependencies } from './dependencies.ts';

/** What a statement is about; the empty text and 0 where it is about no key or no ceremony. */
export type About = { readonly keyset: string; readonly epoch: number; readonly ceremony: string };
export const ABOUT_NOTHING: About = { keyset: '', epoch: 0, ceremony: '' };
/** A statement about a key outside the ceremonies that use it. */
export const aboutKey = (key: Pick<PublicKeyPackage, 'keyset' | 'epoch'>, ceremony = ''): About => ({
  keyset: key.keyset,
  epoch: key.epoch,
  ceremony,
});

/** Who signs a statement, and in which network. */
export type Speaking = Pick<AgentDependencies, 'genesis' | 'self' | 'identity'>;

/**
 * Signs a statement of this validator to everyone. Encoding and Ed25519 are deterministic: the same statement about the same
 * thing is the same bytes, also after a restart.
 */
export function say<Schema extends DescMessage>(
  { genesis, self, identity }: Speaking,
  round: Round,
  about: About,
  schema: Schema,
  payload: MessageInitShape<Schema>,
): Envelope {
  return sealEnvelope(
    genesis,
    self,
    identity,
    { suite: SUITE, ...about, round },
    toBinary(schema, create(schema, payload)),
  );
}

export const envelopeResponse = (envelope: Envelope): Uint8Array =>
  toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'envelope', value: envelope } }));

export const refusalResponse = ({ code, message, details }: Refusal): Uint8Array =>
  toBinary(
    ResponseSchema,
    create(ResponseSchema, {
      body: { case: 'refusal', value: { code, message, detailsJson: JSON.stringify(details ?? {}) } },
    }),
  );

/** Protobuf that comes from outside: undefined when it is not readable. */
export function decode<Schema extends DescMessage>(
  schema: Schema,
  bytes: Uint8Array,
): MessageShape<Schema> | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}
