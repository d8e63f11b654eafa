import { z } from 'zod';
import type { SignedOrder } from '../../domain/committee/order.ts';
import { signaturesField } from './committee.ts';
import { environmentField, hexOf, lineOfText, networkName, versionOne, wholeNumber } from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

const orderSchema = z
  .strictObject({
    version: versionOne(),
    kind: z.enum(['freeze', 'lift'], 'write freeze or lift'),
    environment: environmentField(),
    network: networkName(),
    committeeEpoch: wholeNumber(0),
    number: wholeNumber(1),
    scope: z.literal('payouts', 'write payouts'),
    reason: lineOfText(500),
    expiresAtSeconds: wholeNumber(1),
    block: z.strictObject({ hash: hexOf(32), height: wholeNumber(0) }).exactOptional(),
  })
  .refine(({ kind, block }) => block === undefined || kind === 'lift', {
    path: ['block'],
    error: 'only a lift names a block of the chain in which payouts go on',
  });

const signedOrder: DocumentKind<SignedOrder> = {
  name: 'signed order',
  bytesMax: 65_536,
  schema: z.strictObject({
    order: orderSchema,
    signatures: signaturesField(),
  }),
};

/** Shape only (no signature yet is a valid shape: members sign one after the other); `judgeOrder` decides about obedience. */
export const parseSignedOrder = (source: Uint8Array | string, where: string): SignedOrder =>
  parseDocument(signedOrder, source, where);
