import { z } from 'zod';
import type { VoteCertificate } from '../../domain/approval/certificate.ts';
import type { ArgumentValue, BoundArgument, CoveredKind, CoveredStep } from '../../domain/approval/covered.ts';
import type { Proof } from '../../domain/approval/execution.ts';
import type { VoteRequest } from '../../domain/approval/request.ts';
import type { Ballot, Choice, SignedVote, VoteSubject } from '../../domain/approval/vote.ts';
import type { ActionClass } from '../../domain/committee/committee.ts';
import { COMMITTEE_MEMBERS_MAX, signatureField, voterField } from './committee.ts';
import { digestField, environmentField, lineOfText, networkName, versionOne, wholeNumber } from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

const COVERED_STEPS_MAX = 32;
const ARGUMENTS_MAX = 64;
const LIST_ITEMS_MAX = 128;

const classes = ['freeze', 'lift', 'change'] as const satisfies readonly ActionClass[];
const choices = ['approve', 'reject', 'abstain', 'push-back'] as const satisfies readonly Choice[];
const kinds = ['action', 'workflow', 'playbook'] as const satisfies readonly CoveredKind[];

/** Ids of runs and steps are lines that people read; nothing is looked up by parts of them. */
const identifier = () => lineOfText(200);
const argumentName = () =>
  z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,59}$/, 'names are letters, digits, _ and -, starting with a letter');

const subjectSchema: z.ZodType<VoteSubject> = z.strictObject({
  version: versionOne(),
  environment: environmentField(),
  network: networkName(),
  playbook: digestField(),
  run: identifier(),
  step: identifier(),
  arguments: digestField(),
  class: z.enum(classes, `write one of ${classes.join(', ')}`),
  committeeEpoch: wholeNumber(0),
  committee: digestField(),
  expiresAtSeconds: wholeNumber(1),
});

const ballotSchema: z.ZodType<Ballot> = z.strictObject({
  voter: voterField(),
  choice: z.enum(choices, `write one of ${choices.join(', ')}`),
  comment: lineOfText(500).exactOptional(),
  signature: signatureField(),
});

const scalar = z.union([z.string().max(4_096), wholeNumber(Number.MIN_SAFE_INTEGER), z.boolean()]);
/** Lists of scalars; no argument is deeper. */
const valueSchema: z.ZodType<ArgumentValue> = z.union([
  scalar,
  z.array(scalar).max(LIST_ITEMS_MAX, `at most ${LIST_ITEMS_MAX} items`),
]);
const boundSchema: z.ZodType<BoundArgument> = z.union([
  z.strictObject({ value: valueSchema }),
  z.strictObject({ output: z.strictObject({ step: identifier(), name: argumentName() }) }),
]);

const coveredSchema: z.ZodType<CoveredStep> = z.strictObject({
  step: identifier(),
  kind: z.enum(kinds, `write one of ${kinds.join(', ')}`),
  name: identifier(),
  arguments: z
    .record(argumentName(), boundSchema)
    .refine((given) => Object.keys(given).length <= ARGUMENTS_MAX, `at most ${ARGUMENTS_MAX} arguments`),
});

const coversField = () =>
  z
    .array(coveredSchema)
    .min(1, 'an approval covers a step')
    .max(COVERED_STEPS_MAX, `at most ${COVERED_STEPS_MAX} steps`);

const voteRequest: DocumentKind<VoteRequest> = {
  name: 'vote request',
  bytesMax: 1_048_576,
  schema: z.strictObject({ version: versionOne(), subject: subjectSchema, covers: coversField() }),
};

const signedVote: DocumentKind<SignedVote> = {
  name: 'vote',
  bytesMax: 16_384,
  schema: z.strictObject({ subject: subjectSchema, ballot: ballotSchema }),
};

const certificateSchema: z.ZodType<VoteCertificate> = z.strictObject({
  version: versionOne(),
  subject: subjectSchema,
  ballots: z.array(ballotSchema).max(COMMITTEE_MEMBERS_MAX, `at most ${COMMITTEE_MEMBERS_MAX} ballots`),
});

const voteCertificate: DocumentKind<VoteCertificate> = {
  name: 'vote certificate',
  bytesMax: 524_288,
  schema: certificateSchema,
};

/** Goes along with a request to validators, which has to fit into one message with it. */
const proof: DocumentKind<Proof> = {
  name: 'vote proof',
  bytesMax: 524_288,
  schema: z.strictObject({ certificate: certificateSchema, covers: coversField() }),
};

/** Shape only; `judgeRequest`, `judgeVote`, `judgeCertificate` and `judgeExecution` decide what it is worth. */
export const parseVoteRequest = (source: Uint8Array | string, where: string): VoteRequest =>
  parseDocument(voteRequest, source, where);
export const parseSignedVote = (source: Uint8Array | string, where: string): SignedVote =>
  parseDocument(signedVote, source, where);
export const parseVoteCertificate = (source: Uint8Array | string, where: string): VoteCertificate =>
  parseDocument(voteCertificate, source, where);
export const parseProof = (source: Uint8Array | string, where: string): Proof => parseDocument(proof, source, where);
