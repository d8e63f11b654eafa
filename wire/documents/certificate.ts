import { z } from 'zod';
import type { KeyCertificate, KeysetId, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { isAscending } from '../../domain/ceremony/participants.ts';
import { validatorId } from '../../domain/network/network.ts';
import { VALIDATORS_MAX } from './genesis.ts';
import { digestField, hexOf, lineOfText, wholeNumber } from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

const pointField = () =>
  hexOf(33).refine((text) => text.startsWith('02') || text.startsWith('03'), 'write a compressed point (02… or 03…)');

const packageSchema = z
  .strictObject({
    suite: z.literal('FROST-secp256k1-SHA256-TR-v1', 'this build knows FROST-secp256k1-SHA256-TR-v1'),
    keyset: hexOf(16).transform((text) => text as KeysetId),
    epoch: wholeNumber(0, 0xffff_ffff),
    threshold: wholeNumber(2, VALIDATORS_MAX),
    participants: z
      .array(wholeNumber(1, VALIDATORS_MAX).transform(validatorId))
      .min(2, 'needs at least 2 participants')
      .max(VALIDATORS_MAX, `at most ${VALIDATORS_MAX} participants`)
      .refine(isAscending, 'ids must be ascending, each once'),
    groupKey: pointField(),
    verifyingShares: z.array(pointField()).max(VALIDATORS_MAX, `at most ${VALIDATORS_MAX} shares`),
    transcript: digestField(),
    chaincode: hexOf(32),
    origin: z.strictObject({ run: lineOfText(200), step: lineOfText(200), playbook: digestField() }).exactOptional(),
  })
  .refine((body) => body.threshold <= body.participants.length, {
    path: ['threshold'],
    error: 'is above the number of participants',
  })
  .refine((body) => body.verifyingShares.length === body.participants.length, {
    path: ['verifyingShares'],
    error: 'must hold one share per participant',
  });

const publicKeyPackage: DocumentKind<PublicKeyPackage> = {
  name: 'public key package',
  bytesMax: 65_536,
  schema: packageSchema,
};

export const parsePublicKeyPackage = (source: Uint8Array | string, where: string): PublicKeyPackage =>
  parseDocument(publicKeyPackage, source, where);

/** Also inside other documents. */
export const keyCertificateSchema = z.strictObject({
  package: packageSchema,
  signatures: z
    .array(z.strictObject({ validator: wholeNumber(1, VALIDATORS_MAX).transform(validatorId), signature: hexOf(64) }))
    .max(VALIDATORS_MAX, `at most ${VALIDATORS_MAX} signatures`),
});

const keyCertificate: DocumentKind<KeyCertificate> = {
  name: 'key certificate',
  bytesMax: 131_072,
  schema: keyCertificateSchema,
};

/** Shape only: whether all participants signed is for `threshold/verify`. */
export const parseKeyCertificate = (source: Uint8Array | string, where: string): KeyCertificate =>
  parseDocument(keyCertificate, source, where);
