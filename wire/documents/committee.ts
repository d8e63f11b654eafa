import { z } from 'zod';
import { KEY_SIZES } from '../../domain/committee/member-key.ts';
import { type CommitteeEpoch, EPOCHS_MAX, type SignedEpoch } from '../../domain/committee/epoch.ts';
import type { CommitteeGenesis, KeyAlgorithm } from '../../domain/network/network.ts';
import {
  digestField,
  environmentField,
  hexBetween,
  hexOf,
  lineOfText,
  networkName,
  versionOne,
  wholeNumber,
} from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

export const COMMITTEE_MEMBERS_MAX = 50;
const SIGNATURE_BYTES = Object.values(KEY_SIZES).map(({ signature }) => signature);

const algorithms = ['ed25519', 'secp256k1', 'ml-dsa-65'] as const satisfies readonly KeyAlgorithm[];

const keyFields = {
  name: lineOfText(60),
  key: hexBetween(32, KEY_SIZES['ml-dsa-65'].key),
  algorithm: z.enum(algorithms, `write one of ${algorithms.join(', ')}`).exactOptional(),
};
type KeyText = { readonly key: string; readonly algorithm?: KeyAlgorithm };

const fits = ({ key, algorithm }: KeyText): boolean => key.length === 2 * KEY_SIZES[algorithm ?? 'ed25519'].key;
const WRONG_SIZE = { path: ['key'], error: 'has not the size of a key of its algorithm' };

const deputySchema = z.strictObject(keyFields).refine(fits, WRONG_SIZE);
const memberSchema = z.strictObject({ ...keyFields, deputy: deputySchema.exactOptional() }).refine(fits, WRONG_SIZE);

/** A committee that could never act (a quorum above its seats, one key in two places) is refused before anyone pins or signs it. */
export const committeeField = () =>
  z
    .strictObject({
      epoch: wholeNumber(0),
      members: z
        .array(memberSchema)
        .min(1, 'a committee needs a member')
        .max(COMMITTEE_MEMBERS_MAX, `at most ${COMMITTEE_MEMBERS_MAX} members`)
        .refine((members) => isUnique(keysOf(members)), 'two members share one key: each vote must have its own'),
      quorum: z.strictObject({ freeze: wholeNumber(1), lift: wholeNumber(1), change: wholeNumber(1).exactOptional() }),
    })
    .refine(({ members, quorum }) => Object.values(quorum).every((seats) => seats <= members.length), {
      path: ['quorum'],
      error: 'asks for more signatures than there are members: no order could ever be made',
    });

/** The name of a voter, and one signature in the size of an algorithm that we know. */
export const voterField = () => hexOf(32);
export const signatureField = () =>
  hexBetween(Math.min(...SIGNATURE_BYTES), Math.max(...SIGNATURE_BYTES)).refine(
    (text) => SIGNATURE_BYTES.includes(text.length / 2),
    'has not the size of a signature of a known algorithm',
  );

export const signaturesField = (most: number = COMMITTEE_MEMBERS_MAX) =>
  z
    .array(z.strictObject({ member: voterField(), signature: signatureField() }))
    .max(most, `must carry at most ${most} signatures`);

const epochSchema: z.ZodType<CommitteeEpoch> = z.strictObject({
  version: versionOne(),
  environment: environmentField(),
  network: networkName(),
  previous: digestField(),
  committee: committeeField(),
  reason: lineOfText(500),
});

const signedEpochSchema: z.ZodType<SignedEpoch> = z.strictObject({
  epoch: epochSchema,
  // Both committees sign, principals and deputies: at most four keys per pair of seats.
  signatures: signaturesField(4 * COMMITTEE_MEMBERS_MAX),
});

const signedEpoch: DocumentKind<SignedEpoch> = {
  name: 'committee epoch',
  bytesMax: 2_097_152,
  schema: signedEpochSchema,
};

/** Every epoch after the pinned one, oldest first. */
export type CommitteeChain = { readonly version: 1; readonly epochs: readonly SignedEpoch[] };
const committeeChain: DocumentKind<CommitteeChain> = {
  name: 'committee chain',
  bytesMax: 16_777_216,
  schema: z.strictObject({
    version: versionOne(),
    epochs: z.array(signedEpochSchema).max(EPOCHS_MAX, `at most ${EPOCHS_MAX} epochs`),
  }),
};

const committee: DocumentKind<CommitteeGenesis> = { name: 'committee', bytesMax: 1_048_576, schema: committeeField() };

/** Shape only; `walkEpochs` decides whether a chain leads from the pinned committee to another one. */
export const parseSignedEpoch = (source: Uint8Array | string, where: string): SignedEpoch =>
  parseDocument(signedEpoch, source, where);
export const parseCommitteeChain = (source: Uint8Array | string, where: string): CommitteeChain =>
  parseDocument(committeeChain, source, where);
export const parseCommittee = (source: Uint8Array | string, where: string): CommitteeGenesis =>
  parseDocument(committee, source, where);

const keysOf = (members: readonly (KeyText & { readonly deputy?: KeyText })[]): readonly string[] =>
  members.flatMap(({ deputy, ...member }) => [member, ...(deputy === undefined ? [] : [deputy])]).map(({ key }) => key);
const isUnique = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;
