import { z } from 'zod';
import { FEE_RUNGS_MAX } from '../../domain/vault/fee-ladder.ts';
import { PURPOSE_LENGTH_MAX } from '../../domain/vault/verify-terms.ts';
import { RELEASE_OUTPOINTS_MAX } from '../../domain/vault/verify-release.ts';
import type { SignedTerms, VaultId, SignedReleaseRequest } from '../../domain/vault/terms.ts';
import {
  bitcoinNetworkField,
  environmentField,
  hexBetween,
  hexOf,
  lineOfText,
  networkName,
  versionOne,
  wholeNumber,
} from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

/** The largest standard scriptPubKey that a payout could have is 42 bytes (BIP141); more leaves room and still bounds the message. */
const PAYOUT_SCRIPT_BYTES_MAX = 520;

const termsSchema = z.strictObject({
  version: versionOne(),
  environment: environmentField(),
  network: networkName(),
  bitcoinNetwork: bitcoinNetworkField(),
  purpose: lineOfText(PURPOSE_LENGTH_MAX),
  payoutScript: hexBetween(1, PAYOUT_SCRIPT_BYTES_MAX),
  deposit: z.strictObject({ amountSats: wholeNumber(0), deadlineHeight: wholeNumber(0) }),
  maximumFeeSats: wholeNumber(0),
  ownerKey: hexOf(32),
  releaseKey: hexOf(32),
  refund: z.exactOptional(z.strictObject({ lockHeight: wholeNumber(0) })),
  salt: hexOf(16),
});

/** Also inside other documents. */
export const signedTermsSchema = z.strictObject({ terms: termsSchema, signature: hexOf(64) });

const signedTerms: DocumentKind<SignedTerms> = {
  name: 'signed terms',
  bytesMax: 16_384,
  schema: signedTermsSchema,
};

/** Shape only: `judgeTerms` of domain/vault/verify-terms.ts says whether they may be held. */
export const parseSignedTerms = (source: Uint8Array | string, where: string): SignedTerms =>
  parseDocument(signedTerms, source, where);

const requestSchema = z.strictObject({
  version: versionOne(),
  environment: environmentField(),
  network: networkName(),
  vault: hexOf(32).transform((text) => text as VaultId),
  outpoints: z
    .array(z.strictObject({ txid: hexOf(32), vout: wholeNumber(0, 0xffff_ffff) }))
    .min(1, 'must name at least one deposit')
    .max(RELEASE_OUTPOINTS_MAX, `must name at most ${RELEASE_OUTPOINTS_MAX} deposits; make several requests`),
  amountSats: wholeNumber(0),
  feeSats: wholeNumber(0),
  higherFeesSats: z.exactOptional(
    z
      .array(wholeNumber(0))
      .min(1, 'must name at least one higher fee, or be left out')
      .max(FEE_RUNGS_MAX - 1, `must name at most ${FEE_RUNGS_MAX - 1} higher fees`),
  ),
  expiresAtSeconds: wholeNumber(0),
});

const signedReleaseRequest: DocumentKind<SignedReleaseRequest> = {
  name: 'signed release request',
  bytesMax: 32_768,
  schema: z.strictObject({ request: requestSchema, signature: hexOf(64) }),
};

/** Shape only: `judgeReleaseRequest` of domain/vault/verify-release.ts says whether it may be obeyed. */
export const parseSignedReleaseRequest = (source: Uint8Array | string, where: string): SignedReleaseRequest =>
  parseDocument(signedReleaseRequest, source, where);
