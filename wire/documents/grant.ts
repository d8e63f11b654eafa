import { z } from 'zod';
import { GRANT_BOUNDS, type SignedGrant } from '../../domain/committee/grant.ts';
import type { SignedGrantUse } from '../../domain/committee/grant-use.ts';
import { COMMITTEE_MEMBERS_MAX, signaturesField, voterField } from './committee.ts';
import { digestField, environmentField, lineOfText, networkName, versionOne, wholeNumber } from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

const body = (kind: keyof typeof GRANT_BOUNDS) => ({
  version: versionOne(),
  environment: environmentField(),
  network: networkName(),
  committeeEpoch: wholeNumber(0),
  committee: digestField(),
  number: wholeNumber(1),
  class: z.literal('freeze', 'write freeze: a grant allows nothing else'),
  scope: z.literal('payouts', 'write payouts'),
  limits: z.strictObject({
    usesMax: wholeNumber(1, GRANT_BOUNDS[kind].uses),
    freezeSecondsMax: wholeNumber(1, GRANT_BOUNDS[kind].freezeSeconds),
    validFromSeconds: wholeNumber(1),
    validUntilSeconds: wholeNumber(1),
  }),
  reason: lineOfText(500),
});

const signedGrant: DocumentKind<SignedGrant> = {
  name: 'signed grant',
  bytesMax: 524_288,
  schema: z.strictObject({
    grant: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('standing-order'), ...body('standing-order'), playbook: digestField() }),
      z.strictObject({
        kind: z.literal('break-glass'),
        ...body('break-glass'),
        holders: z.array(voterField()).min(1, 'names nobody').max(COMMITTEE_MEMBERS_MAX, 'names too many holders'),
        holdersNeeded: wholeNumber(1, COMMITTEE_MEMBERS_MAX),
        reviewSeconds: wholeNumber(1, 14 * 86_400),
      }),
    ]),
    signatures: signaturesField(),
  }),
};

const signedGrantUse: DocumentKind<SignedGrantUse> = {
  name: 'use of a grant',
  bytesMax: 524_288,
  schema: z.strictObject({
    use: z.strictObject({
      version: versionOne(),
      grant: digestField(),
      playbook: digestField().exactOptional(),
      run: lineOfText(200),
      step: lineOfText(200),
      afterOrder: wholeNumber(0),
      startedAtSeconds: wholeNumber(1),
      freezeSeconds: wholeNumber(1),
    }),
    signatures: signaturesField(),
  }),
};

/** Shape only; `judgeGrant` and `judgeGrantUse` decide whether anything is frozen. */
export const parseSignedGrant = (source: Uint8Array | string, where: string): SignedGrant =>
  parseDocument(signedGrant, source, where);
export const parseSignedGrantUse = (source: Uint8Array | string, where: string): SignedGrantUse =>
  parseDocument(signedGrantUse, source, where);
