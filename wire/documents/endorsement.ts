import { z } from 'zod';
import type { SignedEndorsement } from '../../domain/playbook/endorsement.ts';
import { signaturesField } from './committee.ts';
import { digestField, environmentField, lineOfText, networkName, versionOne, wholeNumber } from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

const signedEndorsement: DocumentKind<SignedEndorsement> = {
  name: 'signed playbook',
  bytesMax: 524_288,
  schema: z.strictObject({
    endorsement: z.strictObject({
      version: versionOne(),
      environment: environmentField(),
      network: networkName(),
      committeeEpoch: wholeNumber(0),
      committee: digestField(),
      playbook: lineOfText(60),
      plan: digestField(),
    }),
    signatures: signaturesField(),
  }),
};

/** Shape only; `judgeEndorsement` decides whether the plan may run. */
export const parseSignedEndorsement = (source: Uint8Array | string, where: string): SignedEndorsement =>
  parseDocument(signedEndorsement, source, where);
