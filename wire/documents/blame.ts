import { z } from 'zod';
import type { BlameProof } from '../../domain/ceremony/blame.ts';
import { environmentField, hexBetween, networkName, versionOne, wholeNumber } from './fields.ts';
import { keyCertificateSchema } from './certificate.ts';
import { type DocumentKind, parseDocument } from './parse.ts';
import { signedTermsSchema } from './terms.ts';

/** A round of 256 participants with a share for each is below it. */
const STATEMENT_BYTES_MAX = 65_536;
const PARTICIPANTS_MAX = 256;
/** A hundred inputs with two points of each of 256 signers. */
const REQUEST_BYTES_MAX = 4 * 1_048_576;

const about = { version: versionOne(), environment: environmentField(), network: networkName() };
const statement = () => hexBetween(1, STATEMENT_BYTES_MAX);
const round = () => z.array(statement()).min(1).max(PARTICIPANTS_MAX);

const blameProof: DocumentKind<BlameProof> = {
  name: 'proof of a fault',
  bytesMax: 16 * 1_048_576,
  schema: z.discriminatedUnion('kind', [
    z.strictObject({ ...about, kind: z.literal('equivocation'), first: statement(), second: statement() }),
    z.strictObject({
      ...about,
      kind: z.literal('keygen-commitments'),
      parametersHex: statement(),
      commitments: statement(),
    }),
    z.strictObject({
      ...about,
      kind: z.literal('keygen-share'),
      parametersHex: statement(),
      commitments: round(),
      shares: round(),
      complaint: statement(),
      dealer: wholeNumber(1, 0xffff),
    }),
    z.strictObject({
      ...about,
      kind: z.literal('signing-partial'),
      certificate: keyCertificateSchema,
      terms: signedTermsSchema,
      requestHex: hexBetween(1, REQUEST_BYTES_MAX),
      partial: statement(),
    }),
  ]),
};

/** Shape only; `openBlame` says whether its statements are genuine, and `judgeBlame` who is at fault. */
export const parseBlameProof = (source: Uint8Array | string, where: string): BlameProof =>
  parseDocument(blameProof, source, where);
