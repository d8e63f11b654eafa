import { z } from 'zod';

/** More blocks than this take longer than a person waits for one answer. */
export const BLOCKS_MAX = 200;
export const ANSWER_BYTES_MAX = 65_536;

/** What a verb may ask of a running devnet, in one JSON document. */
export const chainOrder = z.discriminatedUnion('order', [
  z.strictObject({
    order: z.literal('fund'),
    /** scriptPubKey in hexadecimal. */
    script: z.string().regex(/^([0-9a-f]{2}){1,64}$/),
    amountSats: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
    /** Mined on top at once. */
    blocks: z.number().int().min(0).max(BLOCKS_MAX),
  }),
  /** Takes a copy of a validator's folder and starts a second process from it. */
  z.strictObject({ order: z.literal('copy'), validator: z.number().int().min(1).max(99) }),
  z.strictObject({ order: z.literal('end-copy'), validator: z.number().int().min(1).max(99) }),
  z.strictObject({ order: z.literal('mine'), blocks: z.number().int().min(1).max(BLOCKS_MAX) }),
]);
export type ChainOrder = z.infer<typeof chainOrder>;

/** What became of it; `outpoint` is what `fund` paid, `copy` the process of a copied folder. */
export const chainReceipt = z.strictObject({
  height: z.number().int(),
  outpoint: z.strictObject({ txid: z.string(), vout: z.number().int() }).optional(),
  copy: z.strictObject({ folder: z.string(), api: z.string() }).optional(),
});
export type ChainReceipt = z.infer<typeof chainReceipt>;

export const chainRefusal = z.strictObject({ refusal: z.string() });
