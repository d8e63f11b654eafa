import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { KeyCertificate } from '../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../domain/network/network.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import { Recent } from '../threshold/verify/recent.ts';
import { encodeDocument, parseKeyCertificate } from '../wire/documents/index.ts';
import { type Envelope, EnvelopeSchema } from '../wire/generated/firebreak/v1/messages_pb.js';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';

type Blobs = Pick<ActivityDependencies, 'blobs'>;

/** Claim checks: what is larger than a few hundred bytes lies in the blob store and a workflow carries its name. */
export const putDocument = (deps: Blobs, value: unknown, attempt: Attempt): Promise<BlobRef> =>
  deps.blobs.put(encodeDocument(value), attempt);

/** Documents that this coordinator wrote itself and that the store found under their digest. */
export async function getDocument<T>(deps: Blobs, ref: BlobRef, attempt: Attempt): Promise<T> {
  return JSON.parse(Buffer.from(await deps.blobs.get(ref, attempt)).toString('utf8')) as T;
}

/** Ascending by validator; the exact bytes that each one signed. */
export type Envelopes = ReadonlyMap<ValidatorId, Envelope>;
type StoredEnvelopes = readonly (readonly [number, string])[];

export async function putEnvelopes(deps: Blobs, envelopes: Envelopes, attempt: Attempt): Promise<BlobRef> {
  const stored: StoredEnvelopes = ascending(envelopes).map(([id, envelope]) => [id, envelopeHex(envelope)]);
  return putDocument(deps, stored, attempt);
}

export async function getEnvelopes(
  deps: Blobs,
  ref: BlobRef | undefined,
  attempt: Attempt,
): Promise<Map<ValidatorId, Envelope>> {
  if (ref === undefined) return new Map();
  const stored = await getDocument<StoredEnvelopes>(deps, ref, attempt);
  return new Map(stored.map(([id, hex]) => [validatorId(id), fromBinary(EnvelopeSchema, fromHex(hex, 'envelope'))]));
}

/** What validators signed, as a document of the records: wire envelopes, ascending by validator. */
export const statementsOf = (
  opened: ReadonlyMap<ValidatorId, { readonly envelope: Envelope }>,
): { readonly version: 1; readonly kind: 'statements'; readonly envelopes: readonly string[] } => ({
  version: 1,
  kind: 'statements',
  envelopes: ascending(opened).map(([, { envelope }]) => envelopeHex(envelope)),
});

export const envelopeHex = (envelope: Envelope): string => toHex(toBinary(EnvelopeSchema, envelope));
export const ascending = <T>(byValidator: ReadonlyMap<ValidatorId, T>): [ValidatorId, T][] =>
  [...byValidator].sort(([a], [b]) => a - b);
export const inOrder = <T>(byValidator: ReadonlyMap<ValidatorId, T>): T[] =>
  ascending(byValidator).map(([, value]) => value);

/** Parsed certificates keep their object, so that derived keys are computed once (the suite caches per package). */
const CERTIFICATES_CACHED_MAX = 64;
const certificates = new Recent<KeyCertificate>(CERTIFICATES_CACHED_MAX);

/** The certificate behind a key reference, about exactly that key. Whether all signed it is checked where it was made. */
export async function getCertificate(
  deps: Blobs,
  key: { readonly keyset: string; readonly epoch: number; readonly certificate: BlobRef },
  attempt: Attempt,
): Promise<KeyCertificate> {
  const known = certificates.get(key.certificate.digest);
  const certificate =
    known ??
    parseKeyCertificate(
      await deps.blobs.get(key.certificate, attempt),
      `certificate ${key.certificate.digest.slice(0, 12)}`,
    );
  if (certificate.package.keyset !== key.keyset || certificate.package.epoch !== key.epoch) {
    throw new FirebreakFailure('input.key-reference', `the certificate is about keyset ${certificate.package.keyset}`, {
      keyset: key.keyset,
      epoch: key.epoch,
    });
  }
  return known ?? certificates.keep(key.certificate.digest, certificate);
}
