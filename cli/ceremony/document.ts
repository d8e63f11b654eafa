import { z } from 'zod';
import type {
  DepositEvidence,
  KeygenEvidence,
  SigningEvidence,
  SweepEvidence,
  VaultEvidence,
} from '../../domain/ceremony/evidence.ts';
import { EPOCHS_MAX } from '../../domain/committee/epoch.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import {
  parseKeyCertificate,
  parseProof,
  parseSignedEpoch,
  parseSignedReleaseRequest,
  parseSignedTerms,
} from '../../wire/documents/index.ts';
import { readBounded } from '../files.ts';

export type AnyEvidence = KeygenEvidence | SigningEvidence | SweepEvidence | VaultEvidence | DepositEvidence;

const hex = z
  .string()
  .regex(/^([0-9a-f]{2})*$/, 'must be lower-case hexadecimal')
  .max(2_000_000);
const envelopes = z.array(hex).max(1_000);
const common = {
  version: z.literal(1),
  environment: z.enum(['production', 'drill', 'development']),
  network: z.string().max(64),
};
/** Documents inside are read by the one strict reader that everyone uses. */
const inner = <T>(read: (source: string, where: string) => T, what: string) =>
  z.unknown().transform((value) => read(JSON.stringify(value ?? null), what));
const certificate = inner(parseKeyCertificate, 'certificate');
const terms = inner(parseSignedTerms, 'terms');
const ceremony = z.string().max(64);

/** A payout and a sweep, apart from whose word it was. */
const spend = {
  certificate,
  terms,
  sessions: z
    .array(
      z.strictObject({
        ceremony,
        requestHex: hex,
        partials: envelopes,
        without: z.array(z.strictObject({ validator: z.number().int(), code: z.string().max(100) })).max(255),
      }),
    )
    .min(1)
    .max(100),
  signaturesHex: z.array(hex).max(255),
  transactionHex: hex,
};

const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('keygen'),
    ceremony,
    keyset: z.string().max(64),
    epoch: z.number().int(),
    parametersHex: hex,
    commitments: envelopes,
    shares: envelopes,
    transcripts: envelopes,
    certificate,
    proof: inner(parseProof, 'votes').optional(),
    held: envelopes,
    selfTest: z.strictObject({ ceremony, requestHex: hex, partials: envelopes, signatureHex: hex }),
    active: envelopes,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('signing'),
    ...spend,
    release: inner(parseSignedReleaseRequest, 'release request'),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('sweep'),
    ...spend,
    step: z.string().max(200),
    proof: inner(parseProof, 'votes'),
    epochs: z.array(inner(parseSignedEpoch, 'committee epoch')).max(EPOCHS_MAX),
    successor: certificate,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('vault'),
    certificate,
    terms,
    termsHeld: envelopes,
    certificateHeld: envelopes,
  }),
  z.strictObject({ ...common, kind: z.literal('deposit'), vault: z.string().max(64), depositsSeen: envelopes }),
]);

/** One exported transcript, checked for form; what it proves is for `verify.ts`. */
export function evidenceFrom(value: unknown, kind: AnyEvidence['kind'] | undefined, where: string): AnyEvidence {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FirebreakFailure(
      'input.file',
      `${where}: field ${issue?.path.join('.') || 'kind'}: ${issue?.message ?? 'not valid'}`,
    );
  }
  if (kind !== undefined && parsed.data.kind !== kind) {
    throw new FirebreakFailure('input.file', `${where} is evidence of a ${parsed.data.kind}, a ${kind} is wanted here`);
  }
  return parsed.data as AnyEvidence;
}

export function readEvidence(path: string, kind?: AnyEvidence['kind']): AnyEvidence {
  const text = readBounded(path, 'evidence').toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FirebreakFailure('input.file', `evidence ${path} is not JSON: ${(error as Error).message}`, { path });
  }
  return evidenceFrom(value, kind, `evidence ${path}`);
}
